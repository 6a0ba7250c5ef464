/* Answers in XML: Windows' unattend files and AutoYaST's profiles. */
#include "audit/eval/guest.h"
#include "audit/eval/ps.h"

#include "base/xml.h"

#define ELEMENTS_MAX 1000000

static struct str text_of(const struct content *k, const struct xml *x)
{
	return arena_str(k->e->scratch, str_trim(x->text));
}

typedef void ended_fn(struct content *k, void *ctx, const struct xml *x);

/* Each element when it ends, those in it before. The reader bounds the depth. */
static void walk(struct content *k, const struct xml *x, ended_fn *ended, void *ctx)
{
	for (size_t i = 0; i < x->children.n; i++) {
		if (!charge(k->e, 2))
			return;
		walk(k, x->children.items[i], ended, ctx);
	}
	if (x->ended)
		ended(k, ctx, x);
}

static void read_document(struct content *k, ended_fn *ended, void *ctx)
{
	struct xml_problem problem = {0};
	const struct xml *document = xml_read(k->e->scratch, k->unit->text, ELEMENTS_MAX, &problem);
	walk(k, document, ended, ctx);
	if (problem.text)
		content_opaque(k, &problem.at, "syntax", str_from(problem.text));
}

/* ---- Windows -------------------------------------------------------------------------------- */

/* CommandLine of FirstLogonCommands, Path of RunSynchronousCommand: for cmd.exe. */
static void unattend_ended(struct content *k, void *ctx, const struct xml *x)
{
	(void)ctx;
	bool path = str_is(x->name, "Path") &&
		(xml_is_in(x, "RunSynchronousCommand") || xml_is_in(x, "RunAsynchronousCommand"));
	bool secret = str_is(x->name, "Value") &&
		(xml_is_in(x, "AdministratorPassword") || xml_is_in(x, "Password"));
	struct str text = text_of(k, x);
	if (text.n == 0)
		return;
	if (path || str_is(x->name, "CommandLine"))
		content_front(k, &x->at, cmd_front, text);
	if (secret) {
		const struct str words[] = {STR("net"), STR("user"), STR("Administrator"), text};
		content_command(k, &x->at, words, countof(words));
	}
}

void content_unattend(struct content *k)
{
	read_document(k, unattend_ended, NULL);
}

/* ---- AutoYaST ------------------------------------------------------------------------------- */

struct yast {
	struct str interpreter;
	struct str source;
	struct span at;
	bool by_line;
	struct str user;
	struct str password;
	struct span password_at;
	bool encrypted;
};

static void end_script(struct content *k, struct yast *y)
{
	bool shell = y->interpreter.n == 0 || word_in(y->interpreter, "shell sh bash");
	if (y->source.n > 0 && shell)
		content_run(k, y->source, &y->at, y->by_line);
	else if (y->source.n > 0)
		content_scan(k, &y->at, y->interpreter, y->source);
	*y = (struct yast){0};
}

static void end_user(struct content *k, struct yast *y)
{
	const struct str words[] = {STR("usermod"), STR("-p"), y->password, y->user};
	struct str pair[] = {y->user, y->password};
	if (y->user.n > 0 && y->password.n > 0 && y->encrypted)
		content_command(k, &y->password_at, words, countof(words));
	else if (y->user.n > 0 && y->password.n > 0)
		content_feed(k, &y->password_at, "chpasswd",
			arena_join(k->e->scratch, pair, 2, STR(":")));
	*y = (struct yast){0};
}

static void yast_ended(struct content *k, void *ctx, const struct xml *x)
{
	struct yast *y = ctx;
	struct str text = text_of(k, x);
	bool script = xml_is_in(x, "script") || xml_is_in(x, "listentry");
	if (str_is(x->name, "source") && script) {
		y->source = text;
		y->at = x->at;
		y->by_line = x->by_line;
	} else if (str_is(x->name, "interpreter")) {
		y->interpreter = text;
	} else if (str_is(x->name, "location") && xml_is_in(x, "scripts") && text.n > 0) {
		content_opaque(k, &x->at, "script",
			arena_printf(k->e->scratch, "what is loaded is not in the commit: %.*s",
				STR_ARG(text)));
	} else if (str_is(x->name, "username")) {
		y->user = text;
	} else if (str_is(x->name, "user_password")) {
		y->password = text;
		y->password_at = x->at;
	} else if (str_is(x->name, "encrypted")) {
		y->encrypted = str_is(text, "true");
	} else if (word_in(x->name, "script listentry") && y->source.n > 0) {
		end_script(k, y);
	} else if (str_is(x->name, "user")) {
		end_user(k, y);
	}
}

void content_autoyast(struct content *k)
{
	struct yast y = {0};
	read_document(k, yast_ended, &y);
}
