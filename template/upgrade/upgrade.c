#include "template/upgrade/upgrade.h"

#include "base/hcl/hcl.h"

#define OUTPUT_MAX ((size_t)64 << 20)

/* What each part is, for people who are new to HCL2. */
static const char about_file[] =
	"# Made of a JSON template by sealwright hcl2_upgrade. Read it before you rely on it. Blocks may\n"
	"# move to other files *.pkr.hcl of this directory, which are read together; values of variables\n"
	"# go to files *.auto.pkrvars.hcl.\n"
	"#\n"
	"# ${ } is HCL and comes first; {{ }} that is left in a string is evaluated behind it.\n\n";
static const char about_packer[] =
	"# Versions of Packer and its plugins that the template needs.\n";
static const char about_variables[] =
	"\n# Input variables. JSON templates know strings only; other types may suit better.";
static const char about_secrets[] = "\n# Secrets of AWS, which {{ aws_secretsmanager }} asked for.";
static const char about_amis[] = "\n# Images to start from, which source_ami_filter asked for.";
static const char about_locals[] =
	"\n# Variables whose defaults use other functions than env, which only locals may do.";
static const char about_sources[] = "\n# A source per builder; build blocks refer to them.";
static const char about_build[] =
	"\n# Provisioners and post-processors, and the sources they run for.";

static void section(
	const struct upgrade *u, struct buf *out, const char *about, const struct buf *body)
{
	if (body->n == 0 && !body->full)
		return;
	if (u->annotations)
		buf_add_cstr(out, about);
	buf_add(out, buf_str(body));
	out->full = out->full || body->full;
}

/* The parts of the file, each with the limit of the whole. */
enum part { PACKER, VARIABLES, SECRETS, AMIS, LOCALS, SOURCES, BUILD };
#define PARTS (BUILD + 1)

struct parts {
	struct buf items[PARTS];
};

static void parts_clear(struct parts *p)
{
	for (size_t i = 0; i < PARTS; i++)
		buf_clear(&p->items[i]);
}

/* Secrets come last, because the others ask for them. */
static void write_parts(struct upgrade *u, struct parts *p)
{
	for (size_t i = 0; i < PARTS; i++)
		buf_init(&p->items[i], OUTPUT_MAX);
	upgrade_read_sources(u);
	upgrade_read_variables(u);
	upgrade_packer(u, &p->items[PACKER]);
	upgrade_variables(u, &p->items[VARIABLES], &p->items[LOCALS]);
	upgrade_amis(u, &p->items[AMIS]);
	upgrade_sources(u, &p->items[SOURCES]);
	upgrade_build(u, &p->items[BUILD]);
	upgrade_secrets(u, &p->items[SECRETS]);
}

static void join_parts(const struct upgrade *u, struct buf *out, const struct parts *p)
{
	if (u->annotations)
		buf_add_cstr(out, about_file);
	section(u, out, about_packer, &p->items[PACKER]);
	section(u, out, about_variables, &p->items[VARIABLES]);
	section(u, out, about_secrets, &p->items[SECRETS]);
	section(u, out, about_amis, &p->items[AMIS]);
	if (u->timestamp)
		buf_add(out,
			STR("\nlocals { timestamp = regex_replace(timestamp(), "
			    "\"[- TZ:]\", \"\") }\n"));
	section(u, out, about_locals, &p->items[LOCALS]);
	section(u, out, about_sources, &p->items[SOURCES]);
	if (p->items[BUILD].n > 0)
		buf_add_cstr(out, u->annotations ? about_build : "");
	if (p->items[BUILD].n > 0)
		buf_add_byte(out, '\n');
	section(u, out, "", &p->items[BUILD]);
}

int template_upgrade(struct buf *out, const struct json *root,
	const struct template_upgrade_options *options, struct arena *a, struct error *err)
{
	scoped(parts) parts = {0};
	scoped(buf) text = {0};
	struct upgrade u = {
		.arena = a,
		.root = root,
		.file = options->file,
		.diags = options->diags,
		.annotations = options->annotations,
	};
	const struct origin at = {u.file, root->span};
	if (root->type != JSON_OBJECT)
		return error_at(err, &at, "a template is an object");
	buf_init(&text, OUTPUT_MAX);
	write_parts(&u, &parts);
	join_parts(&u, &text, &parts);
	if (buf_check(&text, err) < 0)
		return -1;
	if (hcl_format(out, buf_str(&text), STR("upgraded template"), err) < 0) {
		err->code = ERROR_BUG;
		return -1;
	}
	return 0;
}
