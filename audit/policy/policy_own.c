/* The audit's own rules: what it says about its own blind spots and about waivers. */
#include "audit/policy/policy.h"

struct own_rule {
	const char *id;
	const char *title;
	enum severity severity;
	bool locked;
	const char *why;
	const char *fix;
	const char *refs[3];
	const char *what[5]; /* kinds of opaque facts */
	const char *bad[2]; /* examples, as those of rules in packs */
	const char *good[2];
};

static const struct own_rule own_rules[] = {
	{
		.id = "META001",
		.title = "script for sh that only bash can read",
		.severity = SEVERITY_LOW,
		.why = "where sh is another shell the script stops half-way, or does something else "
		       "than what was audited",
		.fix = "begin the script with #!/bin/bash, or write it for sh",
		.refs = {"CWE-1076"},
		.what = {"dialect"},
		.bad = {"#!/bin/sh\nhosts=(a b)\necho \"${hosts[0]}\"\n"},
		.good = {"#!/bin/bash\nhosts=(a b)\necho \"${hosts[0]}\"\n"},
	},
	{
		.id = "META003",
		.title = "script loses the -e of its first line",
		.severity = SEVERITY_MEDIUM,
		.why = "called as `bash script` it goes on after a command that failed, a check of a "
		       "download for instance",
		.fix = "call the script by its name, write set -e into it, or give the interpreter -e "
		       "in execute_command",
		.refs = {"CWE-754", "CWE-390"},
		.what = {"errexit"},
		.bad = {"cat > /tmp/x.sh <<'E'\n#!/bin/bash -e\nfalse\nE\nbash /tmp/x.sh\n"},
		.good = {"cat > /tmp/x.sh <<'E'\n#!/bin/bash -e\nfalse\nE\nbash -e /tmp/x.sh\n",
			"cat > /tmp/x.sh <<'E'\n#!/bin/bash\nset -e\nfalse\nE\nbash /tmp/x.sh\n"},
	},
	{
		.id = "OBF003",
		.title = "command name is not static",
		.severity = SEVERITY_MEDIUM,
		.why = "which program runs here is decided while the build runs, so no rule can "
		       "judge it before",
		.fix = "write the name of the command, or give the variable a constant value in the "
		       "same script",
		.refs = {"CWE-506", "ATT&CK T1027"},
		.what = {"command"},
		.bad = {"$(cat /opt/name) --version\n"},
		.good = {"tool=redis-server\n\"$tool\" --version\n"},
	},
	{
		.id = "OBF010",
		.title = "code cannot be read",
		.severity = SEVERITY_HIGH,
		.why = "what cannot be read cannot be audited; a build is judged by what is known "
		       "of it, so the unknown fails",
		.fix = "write the script so that sh or bash read it without warnings, and split what "
		       "goes beyond the limits of the analysis",
		.refs = {"CWE-506", "ATT&CK T1027"},
		.what = {"syntax", "bound", "step", "encoded"},
		.bad = {"if true; then\n"},
		.good = {"if true; then echo x; fi\n"},
	},
	{
		.id = "OBF012",
		.title = "executed content is not known",
		.severity = SEVERITY_MEDIUM,
		.why = "a binary of the repository or a text made at run time is executed, and its "
		       "content is judged by nobody",
		.fix = "build it from source in the same build, or fetch it with a digest kept in "
		       "the repository",
		.refs = {"CWE-506", "ATT&CK T1027"},
		.what = {"script", "binary"},
		.bad = {"sh /opt/app/setup.sh < /dev/null\ncat /opt/app/more | sh\n"},
		.good = {"cat > /tmp/x.sh <<E\ntrue\nE\nsh /tmp/x.sh\n"},
	},
	{
		.id = "OBF013",
		.title = "code in a language that is not audited",
		.severity = SEVERITY_LOW,
		.why = "the analysis reads shell; what other interpreters and boot loaders are told "
		       "is only searched for what is conspicuous",
		.fix = "keep such code short and reviewed, or do it in shell",
		.refs = {"CWE-1357"},
		.what = {"language", "boot"},
		.bad = {"python3 -c \"$(cat /opt/app/x.py)\"\npython3 - <<E\nprint(1)\nE\n"},
		.good = {"sh -c true\n"},
	},
	{
		.id = "OBF015",
		.title = "characters that deceive the reader of a script",
		.severity = SEVERITY_HIGH,
		.why = "what a reviewer sees is not what the shell reads",
		.fix = "remove the characters",
		.refs = {"CWE-1007", "CWE-451", "ATT&CK T1036.002"},
		.what = {"deceptive"},
		.bad = {"echo \"user\xe2\x80\xae resu\"\n"},
		.good = {"echo \"Gr\xc3\xbc\xc3\x9f\x65 aus M\xc3\xbcnchen\"\n"},
	},
	{
		.id = POLICY_ID_SHARE,
		.title = "too much of the build cannot be resolved",
		.severity = SEVERITY_HIGH,
		.why = "a verdict on a build of which a large part is unknown says little",
		.fix = "use constant command names, or raise opaque_limit in a profile that is "
		       "reviewed",
		.refs = {"CWE-1357"},
	},
	{
		.id = POLICY_ID_WAIVER,
		.title = "waiver does not hold",
		.severity = SEVERITY_MEDIUM,
		.locked = true,
		.why = "a waiver that has expired or excuses nothing hides what reviewers agreed to",
		.fix = "remove the waiver, or have it reviewed again",
		.refs = {"CWE-1357"},
	},
	{
		.id = POLICY_ID_HOST,
		.title = "code runs on the build host",
		.severity = SEVERITY_MEDIUM,
		.why = "it can read what that machine can read, keys and networks included, and "
		       "may change what later steps put into the image",
		.fix = "do it in the guest with a shell provisioner, or keep what it makes in the "
		       "repository",
		.refs = {"CWE-829"},
	},
	{
		.id = "PN008",
		.title = "nothing says which base the machine starts from",
		.severity = SEVERITY_LOW,
		.why = "a medium without a checksum, or the newest image of a name, is another one "
		       "tomorrow, and anybody's",
		.fix = "give iso_checksum with a SHA-256, or the owners of source_ami_filter",
		.refs = {"CWE-1357", "CWE-494"},
		.what = {"base"},
	},
};

static struct str_list texts(struct arena *a, const char *const *items, size_t n)
{
	struct str_list list = {0};
	for (size_t i = 0; i < n && items[i]; i++)
		list_push(a, &list) = str_from(items[i]);
	return list;
}

void policy_add_own_rules(struct policy *p)
{
	struct arena *a = &p->arena;
	for (size_t i = 0; i < countof(own_rules); i++) {
		const struct own_rule *own = &own_rules[i];
		list_push(a, &p->rules) = (struct rule){
			.id = str_from(own->id),
			.title = str_from(own->title),
			.severity = own->severity,
			.on = own->what[0] ? FACT_OPAQUE : FACT_NONE,
			.why = str_from(own->why),
			.fix = str_from(own->fix),
			.refs = texts(a, own->refs, countof(own->refs)),
			.bad = texts(a, own->bad, countof(own->bad)),
			.good = texts(a, own->good, countof(own->good)),
			.params = hcl_object(a, NULL, NULL, 0),
			.pack = STR(POLICY_OWN_PACK),
			.locked = own->locked,
		};
	}
}

const struct rule *policy_opaque_rule(const struct policy *p, struct str what)
{
	const char *id = "OBF010"; /* a kind that is not listed is the unknown itself */
	for (size_t i = 0; i < countof(own_rules); i++) {
		const struct own_rule *own = &own_rules[i];
		for (size_t k = 0; k < countof(own->what) && own->what[k]; k++) {
			if (str_is(what, own->what[k]))
				id = own->id;
		}
	}
	return policy_find(p, str_from(id));
}
