/* Commands whose output follows from what they are given. */
#include "audit/eval/eval.h"
#include "base/encode.h"

/* ---- echo, printf --------------------------------------------------------------------------- */

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 32;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

/* A number of at most `max` digits at *i; moves *i behind it. */
static bool escape_number(struct str s, size_t *i, unsigned base, unsigned max, unsigned *out)
{
	unsigned n = 0;
	*out = 0;
	while (n < max && *i < s.n && digit_of(s.p[*i]) < base) {
		*out = *out * base + digit_of(s.p[(*i)++]);
		n++;
	}
	return n > 0;
}

static struct str unescape(struct eval *e, struct str s)
{
	static const char from[] = "abefnrtv\\\"'";
	static const char to[] = "\a\b\033\f\n\r\t\v\\\"'";
	char *p = arena_alloc(e->scratch, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n;) {
		if (s.p[i] != '\\' || i + 1 == s.n) {
			p[n++] = s.p[i++];
			continue;
		}
		char c = s.p[++i];
		const char *at = memchr(from, c, sizeof(from) - 1);
		unsigned code;
		size_t start = i;
		if (at) {
			p[n++] = to[at - from];
			i++;
			continue;
		}
		if (c == 'c')
			break;
		i += c == 'x' || c == '0';
		bool hex = c == 'x';
		if (escape_number(s, &i, hex ? 16 : 8, hex ? 2 : 3, &code) || c == '0') {
			p[n++] = (char)code;
			continue;
		}
		i = start;
		p[n++] = '\\';
	}
	return (struct str){p, n};
}

static void out_escaped(struct eval *e, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		struct chunk c = v->items[i];
		if (c.kind == CHUNK_TEXT)
			c.text = unescape(e, c.text);
		struct value one = {&c, 1};
		out_value(e, &one);
	}
}

static int run_echo(struct eval *e, const struct command *c, struct outcome *out)
{
	bool escapes = e->process->dialect == SHELL_POSIX;
	bool newline = true;
	size_t i = 1;
	for (; i < c->argc && c->words[i].p && word_in(c->words[i], "-n -e -E -ne -en"); i++) {
		newline = newline && str_find_byte(c->words[i], 'n') == STR_NPOS;
		escapes = escapes || str_find_byte(c->words[i], 'e') != STR_NPOS;
		escapes = escapes && !str_is(c->words[i], "-E");
	}
	*out = (struct outcome){.status = TRUTH_YES};
	if (!e->out)
		return 1;
	for (bool first = true; i < c->argc; i++, first = false) {
		if (!first)
			out_text(e, STR(" "));
		if (escapes)
			out_escaped(e, &c->argv[i]);
		else
			out_value(e, &c->argv[i]);
	}
	if (newline)
		out_text(e, STR("\n"));
	return 1;
}

struct printf_state {
	struct eval *e;
	const struct command *c;
	size_t next; /* argument */
	bool used;
};

static void printf_argument(struct printf_state *s, char conversion, bool plain)
{
	struct eval *e = s->e;
	struct value none = {0};
	const struct value *v = s->next < s->c->argc ? &s->c->argv[s->next] : &none;
	s->next++;
	s->used = true;
	if (conversion == 'b') {
		out_escaped(e, v);
	} else if (plain || conversion == 's') {
		out_value(e, v);
	} else {
		struct value unknown = value_unknown(e, STR("…"), value_taint(e, v));
		out_value(e, &unknown);
	}
}

/* Letters that are written as numbers are meant to be read by nobody. */
static bool spells_letters(struct str format)
{
	size_t n = 0;
	for (size_t i = 0; i + 2 < format.n; i++) {
		if (format.p[i] != '\\')
			continue;
		bool hex = format.p[i + 1] == 'x';
		size_t at = i + 1 + (hex || format.p[i + 1] == '0');
		unsigned code;
		if (escape_number(format, &at, hex ? 16 : 8, hex ? 2 : 3, &code) && code > ' ' &&
			code < 127)
			n++;
		i++;
	}
	return n >= 2;
}

static void printf_round(struct printf_state *s, struct str format)
{
	size_t start = 0;
	for (size_t i = 0; i < format.n; i++) {
		if (format.p[i] == '\\' && i + 1 < format.n) {
			i++;
			continue;
		}
		if (format.p[i] != '%')
			continue;
		out_text(s->e, unescape(s->e, str_sub(format, start, i - start)));
		size_t spec = ++i;
		while (i < format.n && strchr("-+ #0123456789.*'", format.p[i]))
			i++;
		start = i + 1;
		if (i >= format.n)
			return;
		if (format.p[i] == '%')
			out_text(s->e, STR("%"));
		else
			printf_argument(s, format.p[i], i == spec && strchr("sdiuq", format.p[i]));
	}
	out_text(s->e, unescape(s->e, str_from_index(format, start)));
}

/* What was printed since `first` comes out of a decoder. */
static void mark_decoded(struct eval *e, const struct command *c, size_t first)
{
	struct source *s = source_new(e, c, SOURCE_DECODER, base_name(c->words[0]), NULL);
	const struct taint *t = taint_of(e, s);
	for (size_t i = first; i < e->out->n; i++)
		e->out->items[i].taint = taint_union(e, e->out->items[i].taint, t);
}

static int run_printf(struct eval *e, const struct command *c, struct outcome *out)
{
	size_t i = 1;
	*out = (struct outcome){.status = TRUTH_YES};
	struct chunks *old = e->out;
	struct chunks collected = {0};
	bool variable = word_is(c, 1, "-v") && c->argc > 3 && c->words[2].p;
	if (variable) {
		e->out = &collected;
		i = 3;
	}
	i += word_is(c, i, "--");
	if (i >= c->argc || !e->out) {
		e->out = old;
		return 1;
	}
	struct printf_state s = {e, c, i + 1, false};
	size_t first = e->out->n;
	if (!c->words[i].p) {
		out_unknown(e, c, value_taint(e, &c->argv[i]));
	} else {
		do {
			s.used = false;
			printf_round(&s, c->words[i]);
		} while (s.used && s.next < c->argc && charge(e, 4));
		bool decodes = spells_letters(c->words[i]);
		for (size_t k = i + 1; k < c->argc && str_contains(c->words[i], STR("%b")); k++)
			decodes = decodes || spells_letters(c->words[k]);
		if (decodes)
			mark_decoded(e, c, first);
	}
	e->out = old;
	if (variable) {
		struct value v = chunks_value(e, &collected);
		variable_set(e, c->words[2], &v, false);
	}
	return 1;
}

/* ---- cat, tee ------------------------------------------------------------------------------- */

static const struct optspec no_arguments = {0};

static int run_cat(struct eval *e, const struct command *c, struct outcome *out)
{
	struct opts o = opts_of(e, c, &no_arguments);
	struct opt opt;
	bool any = false;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0)
			continue;
		any = true;
		struct value v = opt.text.p
			? guest_read(e, opt.text)
			: value_unknown(e, STR("$(cat …)"), value_taint(e, &opt.value));
		out_value(e, &v);
	}
	if (!any && e->in)
		out_value(e, e->in);
	else if (!any)
		out_unknown(e, c, NULL);
	return 1;
}

static int run_tee(struct eval *e, const struct command *c, struct outcome *out)
{
	struct opts o = opts_of(e, c, &no_arguments);
	struct opt opt;
	bool append = has_word(c, "-a --append -ai -ia");
	struct value unknown = value_unknown(e, STR("…"), NULL);
	const struct value *in = e->in ? e->in : &unknown;
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0)
			continue;
		struct write w = {.path = opt.text,
			.content = in,
			.by = "tee",
			.append = append,
			.place = e->in_place};
		if (!w.place.unit)
			w.place = word_place(e, c, 0);
		guest_write(e, c, &w);
	}
	for (size_t i = 0; i < in->n; i++) {
		struct chunk chunk = in->items[i];
		chunk.taint = taint_via(e, chunk.taint, STR("tee"), false);
		out_value(e, &(struct value){&chunk, 1});
	}
	return 1;
}

/* ---- Filters -------------------------------------------------------------------------------- */

/* What it reads: the files of its operands from `skip` on, else standard input. */
struct value filter_input(
	struct eval *e, const struct command *c, const struct optspec *spec, size_t skip)
{
	struct opts o = opts_of(e, c, spec);
	struct opt opt;
	struct chunks all = {0};
	bool any = false;
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0)
			continue;
		if (skip > 0) {
			skip--;
			continue;
		}
		any = true;
		if (!opt.text.p)
			continue;
		struct value v = guest_read(e, opt.text);
		chunks_add_value(e, &all, &v);
	}
	if (!any && e->in)
		return *e->in;
	return chunks_value(e, &all);
}

void out_filtered(struct eval *e, const struct command *c, const struct value *in)
{
	struct str name = base_name(c->words[0]);
	struct chunk chunk = {.kind = CHUNK_UNKNOWN,
		.text = arena_printf(e->scratch, "$(%.*s …)", STR_ARG(name)),
		.taint = taint_via(e, value_taint(e, in), name, false),
		.digest = value_digest(in),
		.gates = (uint8_t)value_gates(in),
		.sensitive = value_sensitive(in)};
	struct value v = {&chunk, 1};
	out_value(e, &v);
}

struct filter {
	const char *names;
	struct optspec spec;
	size_t skip; /* operands that are no files */
	const char *script_options; /* with one of them there is no operand to skip */
};

static const char *const grep_longs[] = {"--regexp", "--file", "--max-count", "--context",
	"--after-context", "--before-context", NULL};

static const struct filter filters[] = {
	{"grep egrep fgrep zgrep rg", {"efmABCd", grep_longs}, 1, "-e -f --regexp --file"},
	{"awk gawk mawk", {"Fvf", NULL}, 1, "-f"},
	{"jq yq", {"L", NULL}, 1, "-f"},
	{"cut", {"dfbc", NULL}},
	{"head tail", {"nc", NULL}},
	{"sort uniq", {"ktoSTwfs", NULL}},
	{"tr rev tac nl fold fmt iconv dos2unix column expand paste envsubst strings pv cstream "
	 "sponge mbuffer buffer",
		{"dstfw", NULL}, SIZE_MAX},
};

static struct str nth_field(struct str line, char separator, uint64_t n)
{
	struct str field;
	struct str rest = str_trim(line);
	uint64_t i = 0;
	while (str_cut(&rest, separator, &field)) {
		if (separator == ' ' && field.n == 0)
			continue;
		if (++i == n)
			return field;
	}
	return (struct str){0};
}

/* `awk '{print $N}'` and `cut -dX -fN` of one known line. */
static bool select_field(const struct command *c, struct str text, struct str *out)
{
	uint64_t n = 0;
	char separator = '\t';
	text = str_trim(text);
	if (str_find_byte(text, '\n') != STR_NPOS)
		return false;
	if (c->argc == 2 && c->words[1].p && str_has_prefix(c->words[1], STR("{print $")) &&
		!word_is(c, 0, "cut")) {
		struct str rest = str_from_index(c->words[1], 8);
		separator = ' ';
		if (rest.n != 2 || !str_to_u64(str_sub(rest, 0, 1), &n))
			return false;
	} else if (word_is(c, 0, "cut")) {
		for (size_t i = 1; i < c->argc; i++) {
			struct str w = c->words[i];
			if (!w.p)
				return false;
			if (str_has_prefix(w, STR("-d")))
				separator = w.n > 2 ? w.p[2] : ' ';
			if (str_has_prefix(w, STR("-f")) && w.n > 2 &&
				!str_to_u64(str_from_index(w, 2), &n))
				return false;
		}
	}
	*out = n > 0 ? nth_field(text, separator, n) : (struct str){0};
	return out->p != NULL;
}

static struct str translate(struct eval *e, struct str s, struct str from, struct str to)
{
	char *p = arena_cstr(e->scratch, s);
	for (size_t i = 0; i < s.n; i++) {
		size_t at = str_find_byte(from, p[i]);
		if (at != STR_NPOS && to.n > 0)
			p[i] = to.p[at < to.n ? at : to.n - 1];
	}
	return (struct str){p, s.n};
}

static struct str tr_set(struct eval *e, struct str s)
{
	struct buf b = {0};
	s = unescape(e, s);
	for (size_t i = 0; i < s.n; i++) {
		if (i + 2 < s.n && s.p[i + 1] == '-' && s.p[i + 2] >= s.p[i]) {
			for (int k = s.p[i]; k <= s.p[i + 2]; k++)
				buf_add_byte(&b, (char)k);
			i += 2;
		} else {
			buf_add_byte(&b, s.p[i]);
		}
	}
	struct str out = arena_str(e->scratch, buf_str(&b));
	buf_clear(&b);
	return out;
}

static bool run_tr(struct eval *e, const struct command *c, struct str text, struct str *out)
{
	bool deletes = word_is(c, 1, "-d");
	if (c->argc != 3 || !c->words[1].p || !c->words[2].p)
		return false;
	if (!deletes && c->words[1].n > 0 && c->words[1].p[0] == '-')
		return false;
	if (str_find_byte(c->words[2], '[') != STR_NPOS)
		return false;
	struct str to = tr_set(e, c->words[2]);
	if (!deletes) {
		*out = translate(e, text, tr_set(e, c->words[1]), to);
		return true;
	}
	char *p = arena_alloc(e->scratch, text.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		if (str_find_byte(to, text.p[i]) == STR_NPOS)
			p[n++] = text.p[i];
	*out = (struct str){p, n};
	return true;
}

static bool run_rev(struct eval *e, struct str text, struct str *out)
{
	char *p = arena_cstr(e->scratch, text);
	size_t start = 0;
	for (size_t i = 0; i <= text.n; i++) {
		if (i < text.n && text.p[i] != '\n')
			continue;
		for (size_t a = start, b = i; a + 1 < b; a++) {
			char swap = p[a];
			p[a] = p[--b];
			p[b] = swap;
		}
		start = i + 1;
	}
	*out = (struct str){p, text.n};
	return true;
}

/* The text that a simple filter makes of known text; it counts as decoded. */
static bool compute(struct eval *e, const struct command *c, const struct value *in)
{
	struct str text;
	struct str out;
	bool done = false;
	if (!value_const(e, in, &text))
		return false;
	if (word_in(base_name(c->words[0]), "cut awk gawk mawk")) {
		if (!select_field(c, text, &out))
			return false;
		struct chunk plain = {.kind = CHUNK_TEXT, .text = out, .taint = value_taint(e, in)};
		out_value(e, &(struct value){&plain, 1});
		out_text(e, STR("\n"));
		return true;
	}
	if (word_is(c, 0, "tr"))
		done = run_tr(e, c, text, &out);
	else if (word_is(c, 0, "rev") && c->argc == 1)
		done = run_rev(e, text, &out);
	if (!done)
		return false;
	struct chunk chunk = {.kind = CHUNK_TEXT, .text = out, .taint = value_taint(e, in)};
	if (!str_eq(out, text) && (!word_is(c, 0, "tr") || !word_is(c, 1, "-d"))) {
		struct source *s = source_new(e, c, SOURCE_DECODER, base_name(c->words[0]), NULL);
		chunk.taint = taint_union(e, chunk.taint, taint_of(e, s));
	}
	out_value(e, &(struct value){&chunk, 1});
	return true;
}

/* `sha256sum FILE | grep DIGEST` is a comparison. */
static const struct credit *grep_credit(
	struct eval *e, const struct command *c, const struct value *in)
{
	const struct digest_of *d = value_digest(in);
	for (size_t i = 1; d && i < c->argc; i++) {
		struct str w = value_prefix(e, &c->argv[i]);
		if (has_word(c, "-v") || str_has_prefix(w, STR("-")))
			continue;
		struct str plain = str_has_prefix(w, STR("^")) ? str_from_index(w, 1) : w;
		bool known = c->words[i].p != NULL;
		if (known && (!is_digest_text(plain) || plain.n < 16))
			return NULL;
		struct checked k = {d->object, d->taint, "compare",
			digest_reason(e, d->algorithm, &c->argv[i])};
		return check_made(e, c, &k, NULL);
	}
	return NULL;
}

/* Programs of awk can call shells. */
static void awk_calls(struct eval *e, const struct command *c)
{
	for (size_t i = 1; i < c->argc; i++)
		if (c->words[i].p &&
			(str_contains(c->words[i], STR("system")) ||
				str_contains(c->words[i], STR("getline"))))
			language_scan(e, c, base_name(c->words[0]), &c->argv[i], false);
}

/* awk -f FILE, perl's and sed's -f are programs that come from somewhere. */
static void awk_file(struct eval *e, const struct command *c, struct str name)
{
	for (size_t i = 1; i + 1 < c->argc && word_in(name, "awk gawk mawk"); i++) {
		const struct file *f = word_is(c, i, "-f") && c->words[i + 1].p
			? guest_find(e, c->words[i + 1])
			: NULL;
		if (f)
			flow_into(e, c, value_taint(e, &f->content),
				&(struct sink){.to = "interpreter",
					.name = name,
					.file = guest_shown(e, c->words[i + 1])});
	}
}

/* What sub and gsub put in place of something else: lines of what awk prints. */
static void out_substituted(struct eval *e, struct str program)
{
	size_t at;
	while ((at = str_find(program, STR("sub("))) != STR_NPOS && charge(e, 8)) {
		program = str_from_index(program, at + 4);
		size_t comma = str_find(program, STR(", \""));
		size_t start = comma == STR_NPOS ? str_find(program, STR(",\"")) : comma + 1;
		if (start == STR_NPOS)
			return;
		struct str text = str_from_index(program, start + 2);
		size_t end = str_find_byte(text, '"');
		if (end == STR_NPOS || str_find_byte(str_sub(text, 0, end), ' ') == STR_NPOS)
			continue;
		out_text(e, STR("\n"));
		out_text(e, str_sub(text, 0, end));
		out_text(e, STR("\n"));
	}
}

static int run_filter(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str name = base_name(c->words[0]);
	const struct filter *f = NULL;
	for (size_t i = 0; i < countof(filters) && !f; i++)
		f = word_in(name, filters[i].names) ? &filters[i] : NULL;
	*out = outcome_unknown();
	size_t skip = f->script_options && has_word(c, f->script_options) ? 0 : f->skip;
	struct value in = filter_input(e, c, &f->spec, skip);
	if (word_in(name, "grep egrep fgrep rg"))
		out->when[1] = grep_credit(e, c, &in);
	if (word_in(name, "awk gawk mawk"))
		awk_calls(e, c);
	awk_file(e, c, name);
	if (!e->out)
		return 1;
	if (has_word(c, "-q -qs --quiet") && word_in(name, "grep egrep fgrep"))
		return 1;
	if (in.n > 0 && compute(e, c, &in))
		return 1;
	if (word_in(name, "head tail sort uniq") && value_foreign(&in)) {
		out_value(e, &in);
		return 1;
	}
	out_filtered(e, c, &in);
	for (size_t i = 1; word_in(name, "awk gawk mawk") && i < c->argc; i++)
		if (c->words[i].p)
			out_substituted(e, c->words[i]);
	return 1;
}

/* ---- Decoders ------------------------------------------------------------------------------- */

static bool decode_base64(struct eval *e, struct str text, struct str *out)
{
	char *clean = arena_alloc(e->scratch, text.n + 4);
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] > ' ')
			clean[n++] = text.p[i];
	while (n % 4 != 0 && n > 0)
		clean[n++] = '=';
	return base64_decode(e->scratch, (struct str){clean, n}, out);
}

static bool decode_hex(struct eval *e, struct str text, struct str *out)
{
	char *p = arena_alloc(e->scratch, text.n / 2 + 1);
	size_t n = 0;
	bool high = true;
	for (size_t i = 0; i < text.n; i++) {
		unsigned d = digit_of(text.p[i]);
		if (text.p[i] <= ' ')
			continue;
		if (d > 15)
			return false;
		if (high)
			p[n] = (char)(d << 4);
		else
			p[n++] |= (char)d;
		high = !high;
	}
	*out = (struct str){p, n};
	return true;
}

static void out_decoded(struct eval *e, const struct command *c, const struct value *in,
	bool (*decode)(struct eval *, struct str, struct str *))
{
	struct str name = base_name(c->words[0]);
	const struct taint *t = taint_via(e, value_taint(e, in), name, true);
	struct chunk chunk = {.kind = CHUNK_UNKNOWN,
		.text = arena_printf(e->scratch, "$(%.*s …)", STR_ARG(name))};
	struct str text;
	struct str plain;
	bool known = value_const(e, in, &text);
	if (decode && known && decode(e, text, &plain)) {
		chunk.kind = CHUNK_TEXT;
		chunk.text = plain;
	}
	if (!t) {
		struct source *s = source_new(e, c, SOURCE_DECODER, name, NULL);
		t = taint_via(e, taint_of(e, s), name, true);
	}
	chunk.taint = t;
	out_value(e, &(struct value){&chunk, 1});
}

void out_decrypted(struct eval *e, const struct command *c, const struct value *in, struct str path)
{
	struct chunks *old = e->out;
	struct chunks collected = {0};
	bool base64 = has_word(c, "-base64 -a base64") && has_word(c, "-d") &&
		!has_word(c, "-k -pass -K -kfile");
	if (path.p)
		e->out = &collected;
	if (has_word(c, "-d -decrypt"))
		out_decoded(e, c, in, base64 ? decode_base64 : NULL);
	else
		out_filtered(e, c, in);
	e->out = old;
	if (!path.p)
		return;
	struct value v = chunks_value(e, &collected);
	struct write w = {.path = path, .content = &v, .by = "redirect"};
	guest_write(e, c, &w);
}

static int run_base64(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "w"};
	struct value in = filter_input(e, c, &spec, 0);
	*out = outcome_unknown();
	if (has_word(c, "-d -D --decode -di -id"))
		out_decoded(e, c, &in,
			word_is(c, 0, "base64") || word_is(c, 0, "gbase64") ? decode_base64 : NULL);
	else
		out_filtered(e, c, &in);
	return 1;
}

static int run_xxd(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "clos"};
	struct value in = filter_input(e, c, &spec, 0);
	*out = outcome_unknown();
	bool plain = has_word(c, "-p -ps -plain -postscript");
	if (has_word(c, "-r -revert") || has_word(c, "-rp -pr"))
		out_decoded(e, c, &in, plain || has_word(c, "-rp -pr") ? decode_hex : NULL);
	else
		out_filtered(e, c, &in);
	return 1;
}

static int run_uudecode(struct eval *e, const struct command *c, struct outcome *out)
{
	struct value in = filter_input(e, c, &no_arguments, 0);
	*out = outcome_unknown();
	out_decoded(e, c, &in, NULL);
	return 1;
}

/* ---- Names ---------------------------------------------------------------------------------- */

static int run_path(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "s"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	*out = outcome_unknown();
	while (opts_next(&o, &opt) && opt.name.n != 0)
		continue;
	if (!opt.text.p || opt.name.n != 0) {
		out_unknown(e, c, NULL);
		return 1;
	}
	struct str name = base_name(c->words[0]);
	struct str s = opt.text;
	size_t slash = str_rfind_byte(s, '/');
	if (str_is(name, "dirname")) {
		s = slash == STR_NPOS ? STR(".") : slash == 0 ? STR("/") : str_sub(s, 0, slash);
	} else if (str_is(name, "basename")) {
		s = base_name(s);
		if (opt.index + 1 < c->argc && c->words[opt.index + 1].p &&
			str_has_suffix(s, c->words[opt.index + 1]))
			s.n -= c->words[opt.index + 1].n;
	} else {
		s = guest_path(e, s);
	}
	out_text(e, s);
	out_text(e, STR("\n"));
	return 1;
}

static int run_pwd(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str cwd = cwd_of(e);
	*out = outcome_unknown();
	if (cwd.n > 0 && cwd.p[0] == '?') {
		out_unknown(e, c, NULL);
		return 1;
	}
	out_text(e, cwd);
	out_text(e, STR("\n"));
	return 1;
}

/* A name of its own stands for the file, so that it can be followed. */
static int run_mktemp(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--suffix", NULL};
	static const struct optspec spec = {.shorts = "p", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str stem = STR("/tmp/tmp");
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		size_t dot = opt.text.p ? str_find(opt.text, STR("XX")) : STR_NPOS;
		if (opt.name.n == 0 && dot != STR_NPOS)
			stem = str_sub(opt.text, 0, dot);
	}
	out_text(e, arena_printf(e->scratch, "%.*s.mktemp%u\n", STR_ARG(stem), ++e->names));
	return 1;
}

/* No output that anybody goes on with. */
static int run_quiet(struct eval *e, const struct command *c, struct outcome *out)
{
	(void)e;
	(void)c;
	*out = outcome_unknown();
	return 1;
}

const struct command_entry commands_output[] = {
	{"echo", run_echo},
	{"printf", run_printf},
	{"cat", run_cat},
	{"tee", run_tee},
	{"grep egrep fgrep zgrep rg awk gawk mawk jq yq cut head tail sort uniq tr rev tac nl fold "
	 "fmt iconv dos2unix column expand paste envsubst strings pv cstream sponge mbuffer buffer",
		run_filter},
	{"base64 gbase64 base32 basenc", run_base64},
	{"xxd", run_xxd},
	{"uudecode", run_uudecode},
	{"dirname basename realpath readlink", run_path},
	{"pwd", run_pwd},
	{"mktemp tempfile", run_mktemp},
	{"sleep sync umask ulimit hash kill killall pkill chown chgrp chattr mkdir rmdir mount "
	 "umount logger",
		run_quiet},
	{0},
};
