/* Code that no front end reads: said so, never passed over in silence. */
#include "audit/eval/ps.h"

#include <assert.h>

static const char *const titles[] = {
	[LANGUAGE_NONE] = NULL,
	[LANGUAGE_SH] = NULL,
	[LANGUAGE_CMD] = "cmd.exe",
	[LANGUAGE_POWERSHELL] = "PowerShell",
	[LANGUAGE_ANSIBLE] = "Ansible",
	[LANGUAGE_PUPPET] = "Puppet",
	[LANGUAGE_CHEF] = "Chef",
	[LANGUAGE_SALT] = "Salt",
};
static_assert(countof(titles) == LANGUAGE_SALT + 1, "a title per language");

bool language_is_shell(enum step_language language)
{
	return !titles[language];
}

run_front *language_front(enum step_language language)
{
	if (language == LANGUAGE_CMD)
		return cmd_front;
	return language == LANGUAGE_POWERSHELL ? ps_front : NULL;
}

static void emit_language(
	struct eval *e, const struct command *c, enum step_language language, size_t n)
{
	struct str name = str_from(titles[language]);
	struct str why = STR("nobody reads it");
	if (n > 1)
		why = arena_printf(e->scratch, "nobody reads its %zu files", n);
	emit_opaque(e, c, "language", why, name);
}

/* What the command line holds is looked through for secrets, and counts as one that is unknown. */
void language_command(struct eval *e, const struct step *s, struct command *c)
{
	struct value code = value_from_text(e, &s->exec.command);
	c->text = str_from(titles[s->exec.language]);
	secret_write(e, c, STR(""), &code, "argv");
	c->text = fact_str(e, value_display(e, &code));
	emit_language(e, c, s->exec.language, 1);
	e->facts->opaque++;
}

/* ---- Uploads -------------------------------------------------------------------------------- */

static bool is_same(const struct step *x, const struct step *s)
{
	return x->group == s->group && x->type == STEP_UPLOAD &&
		x->upload.language == s->upload.language;
}

/* Trees of a configuration tool are told once per provisioner; scripts are read when they run. */
void language_upload(struct eval *e, const struct step *s, const struct command *c)
{
	const struct step *all = e->plan->steps.items;
	size_t at = (size_t)(s - all);
	size_t files = 1;
	/* Playbooks are read where they are run. */
	if (language_is_shell(s->upload.language) || language_front(s->upload.language) ||
		s->upload.language == LANGUAGE_ANSIBLE)
		return;
	struct command told = *c;
	told.origin = plan_line(s, 1, 1);
	for (size_t i = at; i-- > 0 && all[i].group == s->group;) {
		if (is_same(&all[i], s))
			return;
	}
	for (size_t i = at + 1; i < e->plan->steps.n && all[i].group == s->group; i++)
		files += is_same(&all[i], s);
	charge(e, files);
	emit_language(e, &told, s->upload.language, files);
	e->facts->opaque++;
}

/* ---- Files that a step of the build host reads ---------------------------------------------- */

static void read_input(struct eval *e, const struct command *c, const struct step_input *input)
{
	struct value content = value_text(e, input->content);
	struct command at = *c;
	at.origin = (struct origin){input->path, {.line = 1, .col = 1, .len = 1}};
	if (str_find_byte(str_sub(input->content, 0, 4096), '\0') == STR_NPOS)
		secret_write(e, &at, input->path, &content, "input");
}

void language_inputs(struct eval *e, const struct step *s, const struct command *c)
{
	size_t counts[countof(titles)] = {0};
	for (size_t i = 0; i < s->exec.inputs.n; i++) {
		const struct step_input *input = &s->exec.inputs.items[i];
		counts[input->language]++;
		read_input(e, c, input);
	}
	for (size_t i = 0; i < countof(counts); i++) {
		/* What ansible-playbook runs is read. */
		bool read = i == LANGUAGE_ANSIBLE && s->exec.language == LANGUAGE_ANSIBLE;
		if (counts[i] == 0 || !titles[i] || read)
			continue;
		emit_language(e, c, (enum step_language)i, counts[i]);
		e->facts->opaque++;
	}
}
