/* One-liners and files of other languages: their downloads, decoders and calls of programs. */
#include "audit/eval/eval.h"

#define LITERALS_MAX 16

/* What brings bytes from the network without another program. */
static const char *const fetch_words[] = {"urlopen", "urlretrieve", "requests.get", "http.client",
	"httpx.", "urllib", "LWP", "HTTP::Tiny", "Net::HTTP", "open-uri", "URI.open", "fetch(",
	"http.get", "https.get", "require('https')", "require(\"https\")", "require('http')",
	"require(\"http\")", "file_get_contents", "copy('http", "copy(\"http", "curl_exec",
	"socket", "Invoke-WebRequest"};
static const char *const decode_words[] = {"b64decode", "decode_base64", "base64_decode",
	"b32decode", "a85decode", "unhexlify", "fromhex", "atob(", "'base64')", "\"base64\")",
	"unpack(", "unpack ", "pack(\"H", "pack('H", "pack \"H", "pack 'H", "gzinflate",
	"gzuncompress", "zlib.decompress", "codecs.decode", "Base64.decode", "marshal.loads",
	"str_rot13"};
/* What runs code that is not written where the call stands. */
static const char *const run_words[] = {
	"Function(", "pty.spawn", "runpy", "os.exec", "eval ", "exec ", "__import__("};

/* Calls whose argument, when it is a literal, is for a shell; code: of the language itself. */
struct call {
	const char *name;
	bool code;
};

static const struct call calls[] = {
	{"system("},
	{"popen("},
	{"popen2("},
	{"system "},
	{"shell_exec("},
	{"execSync("},
	{"spawnSync("},
	{"spawn("},
	{"getoutput("},
	{"check_output("},
	{"check_call("},
	{"passthru("},
	{"proc_open("},
	{"subprocess.run("},
	{"subprocess.call("},
	{"Popen("},
	{"IO.popen "},
	{"exec(", true},
	{"eval(", true},
};

static bool has_any(struct str text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_contains(text, str_from(words[i])))
			return true;
	return false;
}

bool language_runs(struct str text)
{
	for (size_t i = 0; i < countof(calls); i++)
		if (str_contains(text, str_from(calls[i].name)))
			return true;
	return has_any(text, run_words, countof(run_words));
}

static struct str first_url(struct str text)
{
	static const char *const schemes[] = {"https://", "http://", "ftp://"};
	size_t at = STR_NPOS;
	for (size_t i = 0; i < countof(schemes); i++) {
		size_t found = str_find(text, str_from(schemes[i]));
		at = found < at ? found : at;
	}
	if (at == STR_NPOS)
		return (struct str){0};
	struct str url = str_from_index(text, at);
	size_t n = 0;
	while (n < url.n && url.p[n] > ' ' && !strchr("'\"`)>,;\\", url.p[n]))
		n++;
	return str_sub(url, 0, n);
}

/* The string literal at the start of s; what stands behind it is left in s. */
static bool take_literal(struct eval *e, struct str *s, struct str *out)
{
	if (s->n < 2 || !strchr("'\"`", s->p[0]))
		return false;
	char quote = s->p[0];
	char *p = arena_alloc(e->scratch, s->n);
	size_t n = 0;
	for (size_t i = 1; i < s->n; i++) {
		if (s->p[i] == quote) {
			*out = (struct str){p, n};
			*s = str_from_index(*s, i + 1);
			return true;
		}
		if (s->p[i] == '\\' && i + 1 < s->n)
			i++;
		p[n++] = s->p[i];
	}
	return false;
}

static struct str skip_bytes(struct str s, const char *bytes)
{
	while (s.n > 0 && s.p[0] && strchr(bytes, s.p[0]))
		s = str_from_index(s, 1);
	return s;
}

/* The literals that a call's arguments begin with; 0 when the first one is none. */
static size_t literals_at(struct eval *e, struct str s, struct str *out)
{
	size_t n = 0;
	s = skip_bytes(s, "([{ \t\n");
	while (n < LITERALS_MAX && take_literal(e, &s, &out[n])) {
		n++;
		s = skip_bytes(s, " \t\n");
		/* "text" + variable, "text" % x: the whole is not known. */
		if (s.n > 0 && strchr("+%.", s.p[0]))
			return 0;
		if (s.n == 0 || s.p[0] != ',')
			break;
		s = skip_bytes(s, ",[ \t\n");
	}
	return n;
}

struct language_scan {
	struct eval *e;
	const struct command *c;
	struct str program;
	struct str text;
	bool dynamic; /* code that stands elsewhere is run */
};

static void run_command_of(struct language_scan *l, const struct str *items, size_t n)
{
	struct eval *e = l->e;
	if (n == 1) {
		struct value v = value_text(e, items[0]);
		run_shell_text(e, l->c, &v, STR("sh"), (struct place){0});
		return;
	}
	struct value *argv = arena_array(e->scratch, struct value, n);
	for (size_t i = 0; i < n; i++)
		argv[i] = value_text(e, items[i]);
	struct command inner = *l->c;
	inner.external = true;
	run_argv(e, &inner, argv, n, STR("sh"));
}

/* What the program reads, which may be the program itself, is not what its commands read. */
static void run_literals(struct language_scan *l, const struct str *items, size_t n)
{
	const struct value *in = l->e->in;
	l->e->in = NULL;
	run_command_of(l, items, n);
	l->e->in = in;
}

static bool is_code_call(const struct language_scan *l, const struct call *call)
{
	return call->code &&
		(str_is(str_from(call->name), "eval(") || str_has_prefix(l->program, STR("py")));
}

/* The literal that the one assignment of a variable gives it; 0 when there is none. */
static size_t literal_of_variable(struct language_scan *l, struct str s, struct str *out)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	size_t n = 0;
	s = skip_bytes(s, "( \t$");
	while (n < s.n && s.p[n] && strchr(letters, s.p[n]))
		n++;
	struct str name = str_sub(s, 0, n);
	struct str after = skip_bytes(str_from_index(s, n), " \t");
	bool whole = after.n == 0 || strchr("),;\n]}", after.p[0]);
	struct str rest = l->text;
	struct str found = {0};
	size_t at;
	while (n > 0 && whole && (at = str_find(rest, name)) != STR_NPOS && charge(l->e, 4)) {
		bool begins = at == 0 || !strchr(letters, rest.p[at - 1]);
		rest = str_from_index(rest, at + n);
		struct str value = skip_bytes(rest, " \t");
		bool more = value.n > 1 && strchr("+.|<", value.p[0]) && value.p[1] == '=';
		bool sets = value.n > 1 && value.p[0] == '=' && value.p[1] != '=';
		if (!begins || (!more && !sets))
			continue;
		if (more || found.p)
			return 0;
		found = skip_bytes(value, "= \t");
	}
	if (found.n > 0 && strchr("'\"`", found.p[0]))
		return literals_at(l->e, found, out);
	return 0;
}

static void scan_call(struct language_scan *l, const struct call *call)
{
	struct str rest = l->text;
	size_t at;
	while ((at = str_find(rest, str_from(call->name))) != STR_NPOS && charge(l->e, 16)) {
		struct str items[LITERALS_MAX];
		rest = str_from_index(rest, at + strlen(call->name));
		size_t n = literals_at(l->e, rest, items);
		if (n == 0)
			n = literal_of_variable(l, rest, items);
		if (n == 0)
			l->dynamic = true;
		else if (!is_code_call(l, call))
			run_literals(l, items, n);
	}
}

/* `…` is a command in perl, ruby and php. */
static void scan_backticks(struct language_scan *l)
{
	struct str rest = l->text;
	size_t at;
	if (!word_in(l->program, "perl ruby php"))
		return;
	while ((at = str_find_byte(rest, '`')) != STR_NPOS && charge(l->e, 16)) {
		struct str code;
		rest = str_from_index(rest, at);
		if (!take_literal(l->e, &rest, &code))
			return;
		run_literals(l, &code, 1);
	}
}

/* urlretrieve(URL, FILE): the file, when it is written there. */
static struct str fetched_file(struct language_scan *l)
{
	struct str items[LITERALS_MAX];
	static const char *const copies[] = {"urlretrieve(", "copy("};
	size_t at;
	for (size_t i = 0; i < countof(copies); i++) {
		at = str_find(l->text, str_from(copies[i]));
		if (at != STR_NPOS &&
			literals_at(l->e, str_from_index(l->text, at + strlen(copies[i])), items) >
				1)
			return items[1];
	}
	at = str_find(l->text, STR("file_put_contents("));
	if (at != STR_NPOS && literals_at(l->e, str_from_index(l->text, at + 18), items) > 0)
		return items[0];
	struct str rest = l->text;
	while ((at = str_find(rest, STR("open("))) != STR_NPOS && charge(l->e, 16)) {
		rest = str_from_index(rest, at + 5);
		if (literals_at(l->e, rest, items) > 1 && items[1].n > 0 && items[1].p[0] == 'w')
			return items[0];
	}
	return (struct str){0};
}

static const struct taint *scan_download(struct language_scan *l)
{
	struct eval *e = l->e;
	if (!has_any(l->text, fetch_words, countof(fetch_words)))
		return NULL;
	struct str found = first_url(l->text);
	struct value v = found.p ? value_text(e, found) : value_unknown(e, STR("…"), NULL);
	struct download d = {.tool = l->program, .dest = fetched_file(l)};
	if (found.p)
		d.url = url_parse(e, &v);
	const struct taint *t = taint_of(e, download_emit(e, l->c, &d));
	if (!d.dest.p)
		return t;
	struct value content = value_tainted(e, STR("…"), t);
	struct write w = {.path = d.dest, .content = &content, .by = "download"};
	guest_write(e, l->c, &w);
	return t;
}

/* What is put into a file of the system in place of something else. */
static void scan_edits(struct language_scan *l)
{
	static const char *const places[] = {"sub(", ".replace(", ".write(", "writelines("};
	struct eval *e = l->e;
	size_t at = str_find(l->text, STR("/etc/"));
	if (at == STR_NPOS || at == 0 || !strchr("'\"", l->text.p[at - 1]) ||
		!str_contains(l->text, STR("write")))
		return;
	struct str rest = str_from_index(l->text, at - 1);
	struct str path;
	struct buf lines = {0};
	if (!take_literal(e, &rest, &path))
		return;
	for (size_t i = 0; i < countof(places); i++) {
		for (rest = l->text; (at = str_find(rest, str_from(places[i]))) != STR_NPOS;) {
			struct str items[LITERALS_MAX];
			charge(e, 16);
			rest = str_from_index(rest, at + strlen(places[i]));
			struct str from = rest;
			if (from.n > 1 && from.p[0] == 'r' && strchr("'\"", from.p[1]))
				from = str_from_index(from, 1);
			size_t n = literals_at(e, from, items);
			size_t k = i < 2 ? 1 : 0;
			if (n > k) {
				buf_add(&lines, items[k]);
				buf_add_byte(&lines, '\n');
			}
		}
	}
	struct value v = value_text(e, arena_str(e->scratch, buf_str(&lines)));
	struct write w = {.path = path, .content = &v, .by = "redirect", .append = true};
	if (lines.n > 0)
		guest_write(e, l->c, &w);
	buf_clear(&lines);
}

/* crypt("password", salt): the hash of what stands in the script. */
static bool prints_hash(struct language_scan *l)
{
	struct str items[LITERALS_MAX];
	size_t at = str_find(l->text, STR("crypt("));
	return at != STR_NPOS && literals_at(l->e, str_from_index(l->text, at + 6), items) > 0 &&
		items[0].n > 0;
}

void language_scan(struct eval *e, const struct command *c, struct str program,
	const struct value *text, bool file)
{
	struct language_scan l = {e, c, program, value_display(e, text), false};
	struct sink sink = {.to = "interpreter", .name = program};
	(void)file;
	charge(e, l.text.n);
	emit_opaque(e, c, "language",
		arena_printf(e->scratch, "%.*s code is read for its downloads and calls only",
			STR_ARG(program)),
		program);
	const struct taint *t = scan_download(&l);
	for (size_t i = 0; i < countof(calls); i++)
		scan_call(&l, &calls[i]);
	scan_backticks(&l);
	l.dynamic = l.dynamic || has_any(l.text, run_words, countof(run_words));
	if (t && l.dynamic)
		flow_into(e, c, t, &sink);
	if (l.dynamic && has_any(l.text, decode_words, countof(decode_words)))
		flow_into(
			e, c, taint_of(e, source_new(e, c, SOURCE_DECODER, program, NULL)), &sink);
	scan_edits(&l);
	if (!t && prints_hash(&l))
		out_text(e, STR("$6$<hash>\n"));
	else
		out_unknown(e, c, t);
}
