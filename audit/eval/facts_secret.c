/* Secrets: where they stand, never what they are. */
#include "audit/eval/eval.h"

/* ---- What they look like -------------------------------------------------------------------- */

struct pattern {
	const char *prefix;
	const char *kind;
	const char *alphabet;
	unsigned min; /* bytes of the alphabet behind the prefix */
};

#define UPPER_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define WORD_BYTES UPPER_DIGITS "abcdefghijklmnopqrstuvwxyz_"
#define TOKEN_BYTES WORD_BYTES "-"
#define BASE64_BYTES WORD_BYTES "+/=-"

static const struct pattern patterns[] = {
	{"AKIA", "aws-key", UPPER_DIGITS, 16},
	{"ASIA", "aws-key", UPPER_DIGITS, 16},
	{"LTAI", "aliyun-key", WORD_BYTES, 12},
	{"AIza", "gcp-key", TOKEN_BYTES, 35},
	{"AccountKey=", "azure-key", BASE64_BYTES, 40},
	{"SharedAccessSignature=", "azure-key", TOKEN_BYTES, 8},
	{"ghp_", "github-token", WORD_BYTES, 30},
	{"gho_", "github-token", WORD_BYTES, 30},
	{"ghs_", "github-token", WORD_BYTES, 30},
	{"ghu_", "github-token", WORD_BYTES, 30},
	{"github_pat_", "github-token", WORD_BYTES, 30},
	{"glpat-", "gitlab-token", TOKEN_BYTES, 16},
	{"xoxb-", "slack-token", TOKEN_BYTES, 10},
	{"xoxp-", "slack-token", TOKEN_BYTES, 10},
	{"xapp-", "slack-token", TOKEN_BYTES, 10},
	{"npm_", "npm-token", WORD_BYTES, 30},
	{"pypi-", "pypi-token", TOKEN_BYTES, 40},
	{"sk_live_", "stripe-key", WORD_BYTES, 16},
	{"rk_live_", "stripe-key", WORD_BYTES, 16},
	{"hf_", "token", WORD_BYTES, 30},
	{"dop_v1_", "token", WORD_BYTES, 40},
};

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "

static bool is_word_byte(char c)
{
	char letter = (char)(c | 0x20);
	return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Length of the PEM private key at the start of s, or 0. */
static size_t pem_length(struct str s)
{
	if (!str_has_prefix(s, STR(PEM_BEGIN)))
		return 0;
	struct str line = str_sub(s, 0, str_find_byte(s, '\n'));
	if (!str_contains(line, STR("PRIVATE KEY")))
		return 0;
	size_t end = str_find(s, STR(PEM_END));
	if (end == STR_NPOS)
		return s.n;
	struct str last = str_from_index(s, end);
	size_t newline = str_find_byte(last, '\n');
	return newline == STR_NPOS ? s.n : end + newline;
}

static size_t jwt_length(struct str s)
{
	size_t dots = 0;
	size_t i = 0;
	if (!str_has_prefix(s, STR("eyJ")))
		return 0;
	for (; i < s.n && (is_word_byte(s.p[i]) || s.p[i] == '-' || s.p[i] == '.'); i++)
		dots += s.p[i] == '.';
	return dots == 2 && i > 40 ? i : 0;
}

/* user:password@ behind a scheme; s begins behind "://". */
static size_t userinfo_length(struct str s, size_t *password)
{
	size_t colon = STR_NPOS;
	for (size_t i = 0; i < s.n && i < 512; i++) {
		char c = s.p[i];
		if (c == '@') {
			*password = colon + 1;
			return colon != STR_NPOS && i > colon + 1 && s.p[colon + 1] != '$' &&
					s.p[colon + 1] != '<'
				? i
				: 0;
		}
		/* A place holder or a pattern is no password. */
		if (colon != STR_NPOS && c && strchr("${}<>[]\\()*?|^", c))
			return 0;
		if (c == ':' && colon == STR_NPOS)
			colon = i;
		if (c == '/' || c == ' ' || c == '\n' || c == '"' || c == '\'' || c == TEXT_MARK)
			return 0;
	}
	return 0;
}

struct hit {
	size_t from;
	size_t len;
	const char *kind;
};

static bool hit_prefix(struct str s, size_t at, struct hit *hit)
{
	if (at > 0 && is_word_byte(s.p[at - 1]))
		return false;
	struct str rest = str_from_index(s, at);
	for (size_t i = 0; i < countof(patterns); i++) {
		const struct pattern *p = &patterns[i];
		if (rest.p[0] != p->prefix[0])
			continue;
		size_t n = strlen(p->prefix);
		if (rest.n < n + p->min || memcmp(rest.p, p->prefix, n) != 0)
			continue;
		size_t len = n;
		while (len < rest.n && rest.p[len] && strchr(p->alphabet, rest.p[len]))
			len++;
		if (len - n < p->min)
			continue;
		*hit = (struct hit){at, len, p->kind};
		return true;
	}
	size_t jwt = jwt_length(rest);
	if (jwt > 0)
		*hit = (struct hit){at, jwt, "jwt"};
	return jwt > 0;
}

/* The first bytes of the patterns, of a JSON web token, of "://" and of a PEM file. */
static bool may_begin(char c)
{
	static const bool first[256] = {['A'] = true,
		['L'] = true,
		['S'] = true,
		['g'] = true,
		['x'] = true,
		['n'] = true,
		['p'] = true,
		['s'] = true,
		['r'] = true,
		['h'] = true,
		['d'] = true,
		['e'] = true,
		[':'] = true,
		['-'] = true};
	return first[(unsigned char)c];
}

/* The next secret at or behind `from`. */
static bool secret_find(struct str s, size_t from, struct hit *hit)
{
	for (size_t i = from; i < s.n; i++) {
		char c = s.p[i];
		size_t password = 0;
		size_t n = 0;
		if (!may_begin(c))
			continue;
		if (c == '-' && (n = pem_length(str_from_index(s, i))) > 0) {
			*hit = (struct hit){i, n, "private-key"};
			return true;
		}
		if (c == ':' && str_has_prefix(str_from_index(s, i), STR("://")))
			n = userinfo_length(str_from_index(s, i + 3), &password);
		if (c == ':' && n > 0) {
			*hit = (struct hit){i + 3 + password, n - password, "url-userinfo"};
			return true;
		}
		if ((i == 0 || !is_word_byte(s.p[i - 1])) && hit_prefix(s, i, hit))
			return true;
	}
	return false;
}

const char *secret_kind(struct str s)
{
	struct hit hit;
	return secret_find(s, 0, &hit) ? hit.kind : NULL;
}

/* ---- Names ---------------------------------------------------------------------------------- */

static bool ends_nocase(struct str s, const char *end)
{
	struct str e = str_from(end);
	return s.n >= e.n && str_eq_nocase(str_from_index(s, s.n - e.n), e);
}

bool secret_name(struct str name)
{
	static const char *const endings[] = {"password", "passwd", "passphrase", "secret", "token",
		"api_key", "apikey", "access_key", "secret_key", "private_key", "_pass", "_pwd",
		"_pw", "credentials", "auth_key"};
	for (size_t i = 0; i < countof(endings); i++)
		if (ends_nocase(name, endings[i]))
			return true;
	return str_eq_nocase(name, STR("pass")) || str_eq_nocase(name, STR("pwd_admin"));
}

struct str secret_value(struct str name, struct str value)
{
	return value.n > 0 && secret_name(name) ? STR("<secret:password>") : value;
}

/* ---- Masks --------------------------------------------------------------------------------- */

/* A literal that stands for a password, rather than a place holder or an expression. */
static bool is_literal_password(struct str s)
{
	if (s.n == 0 || str_find_byte(s, ' ') != STR_NPOS || s.p[0] == '/' || s.p[0] == '<' ||
		s.p[0] == '$' || s.p[0] == '%')
		return false;
	if (str_has_prefix(s, STR("env:")) || str_has_prefix(s, STR("file:")) ||
		str_has_prefix(s, STR("fd:")))
		return false; /* openssl and its like: where the password is */
	return !word_in(s, "true false yes no none null stdin prompt env file ask - 0 1");
}

static struct str mask_patterns(struct eval *e, struct str s)
{
	struct hit hit;
	struct str_list parts = {0};
	size_t at = 0;
	if (!secret_find(s, 0, &hit))
		return s;
	do {
		list_push(e->scratch, &parts) = str_sub(s, at, hit.from - at);
		list_push(e->scratch, &parts) = arena_printf(e->scratch, "<secret:%s>", hit.kind);
		at = hit.from + hit.len;
	} while (secret_find(s, at, &hit));
	list_push(e->scratch, &parts) = str_from_index(s, at);
	return arena_join(e->scratch, parts.items, parts.n, STR(""));
}

/* NAME=value, "name": "value", name: value; `value` gets the part that nobody may see. */
static bool line_secret(struct str line, struct str *name, struct str *value)
{
	size_t eq = str_find_byte(line, '=');
	if (eq == STR_NPOS)
		eq = str_find_byte(line, ':');
	if (eq == STR_NPOS || line.n > 4096)
		return false;
	struct str key = str_trim(str_sub(line, 0, eq));
	while (key.n > 0 && (key.p[key.n - 1] == '"' || key.p[key.n - 1] == '\''))
		key.n--;
	size_t start = key.n;
	while (start > 0 && (is_word_byte(key.p[start - 1]) || strchr("-.", key.p[start - 1])))
		start--;
	key = str_from_index(key, start);
	struct str v = str_trim(str_from_index(line, eq + 1));
	while (v.n > 0 && (v.p[0] == '"' || v.p[0] == '\''))
		v = str_from_index(v, 1);
	while (v.n > 0 && strchr("\"',;", v.p[v.n - 1]))
		v.n--;
	*name = key;
	*value = v;
	bool plain = str_find_byte(v, '(') == STR_NPOS && str_find_byte(v, ' ') == STR_NPOS &&
		str_find_byte(v, '$') == STR_NPOS;
	return key.n > 0 && str_trim(line).p[0] != '#' && plain && secret_name(key) &&
		is_literal_password(v);
}

static struct str mask_lines(struct eval *e, struct str s)
{
	struct str_list parts = {0};
	struct str rest = s;
	struct str line;
	size_t at = 0;
	while (str_cut(&rest, '\n', &line)) {
		struct str name;
		struct str value;
		if (line.n < 6 || !line_secret(line, &name, &value) ||
			str_contains(line, STR("<secret:")))
			continue;
		size_t from = (size_t)(value.p - s.p);
		list_push(e->scratch, &parts) = str_sub(s, at, from - at);
		list_push(e->scratch, &parts) = STR("<secret:password>");
		at = from + value.n;
	}
	if (at == 0)
		return s;
	list_push(e->scratch, &parts) = str_from_index(s, at);
	return arena_join(e->scratch, parts.items, parts.n, STR(""));
}

struct str secret_mask(struct eval *e, struct str s)
{
	charge(e, s.n / 8);
	return mask_lines(e, mask_patterns(e, s));
}

/* ---- Facts ---------------------------------------------------------------------------------- */

void secret_emit(struct eval *e, const struct command *c, const struct secret_found *s)
{
	struct members m = members_of(e, c);
	put_cstr(&m, "kind", s->kind);
	put_cstr(&m, "where", s->where);
	put_str(&m, "name", s->name.n != 0 ? s->name : (struct str){0});
	put_str(&m, "path", s->path.n != 0 ? guest_shown(e, s->path) : (struct str){0});
	put_bool(&m, "persisted", s->persisted);
	put_bool(&m, "traced", option_on(e, OPTION_XTRACE));
	size_t fact = emit(e, FACT_SECRET, c, &m);
	if (s->persisted && s->path.n != 0)
		final_note(e, fact, s->path);
}

void secret_assign(struct eval *e, const struct command *c, struct str name, const struct value *v,
	const char *where)
{
	struct str s = value_prefix(e, v);
	const char *kind = secret_kind(s);
	if (kind) {
		secret_emit(
			e, c, &(struct secret_found){.kind = kind, .where = where, .name = name});
		return;
	}
	if (value_const(e, v, &s) && secret_name(name) && is_literal_password(s))
		secret_emit(e, c,
			&(struct secret_found){.kind = "password", .where = where, .name = name});
}

void secret_write(struct eval *e, const struct command *c, struct str path,
	const struct value *content, const char *where)
{
	struct str name = base_name(path);
	if (value_sensitive(content))
		secret_emit(e, c,
			&(struct secret_found){.kind = "sensitive",
				.where = where,
				.name = name,
				.path = path,
				.persisted = true});
	for (size_t i = 0; i < content->n; i++) {
		if (content->items[i].kind != CHUNK_TEXT)
			continue;
		struct str text = content->items[i].text;
		struct hit hit;
		charge(e, text.n / 4);
		if (secret_find(text, 0, &hit))
			secret_emit(e, c,
				&(struct secret_found){.kind = hit.kind,
					.where = where,
					.name = name,
					.path = path,
					.persisted = true});
		struct str line;
		struct str key;
		struct str value;
		while (str_cut(&text, '\n', &line))
			if (line_secret(line, &key, &value))
				secret_emit(e, c,
					&(struct secret_found){.kind = "password",
						.where = where,
						.name = key,
						.path = path,
						.persisted = true});
	}
}

/* ---- Words of a command --------------------------------------------------------------------- */

/* Options whose argument is a password. "attached": -pSECRET is one word. */
struct password_option {
	const char *commands;
	const char *options;
	bool attached;
	bool user; /* the argument is user:password */
	const char *verb; /* only with this word */
};

static const struct password_option password_options[] = {
	{"mysql mysqladmin mysqldump mysqlimport mariadb mariadb-admin mariadb-dump", "-p", true},
	{"sshpass", "-p", true},
	{"docker podman nerdctl helm skopeo", "-p --password", false, false, "login"},
	{"curl", "-u --user --proxy-user -U", false, true},
	{"wget", "--password --http-password --ftp-password --proxy-password", false},
	{"redis-cli", "-a --pass", false},
	{"mongo mongosh mongodump", "-p --password", false},
	{"ldapadd ldapmodify ldapsearch ldappasswd", "-w", false},
	{"openssl", "-passout -passin -pass -k", false},
	{"smbclient mount.cifs", "--password", false},
	{"subscription-manager", "--password", false},
	{"net", "--password", false},
};

static void note_password(struct eval *e, const struct command *c, size_t i, struct str *shown,
	struct str option, size_t from)
{
	struct str w = c->words[i];
	if (!is_literal_password(str_from_index(w, from)))
		return;
	shown[i] = arena_printf(e->scratch, "%.*s<secret:password>", (int)from, w.p);
	struct command named = *c;
	named.text = c->words[0];
	named.shown = shown;
	secret_emit(e, &named,
		&(struct secret_found){.kind = "password", .where = "argv", .name = option});
}

static void option_passwords(
	struct eval *e, const struct command *c, struct str *shown, const struct password_option *p)
{
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i];
		if (!w.p || w.n < 2 || w.p[0] != '-')
			continue;
		size_t eq = str_find_byte(w, '=');
		if (eq != STR_NPOS && word_in(str_sub(w, 0, eq), p->options)) {
			note_password(e, c, i, shown, str_sub(w, 0, eq), eq + 1);
		} else if (p->attached && w.n > 2 && w.p[1] == 'p' && w.p[1] != '-') {
			note_password(e, c, i, shown, STR("-p"), 2);
		} else if (word_in(w, p->options) && i + 1 < c->argc && c->words[i + 1].p &&
			(!p->attached || word_is(c, 0, "sshpass"))) {
			struct str arg = c->words[i + 1];
			size_t colon = str_find_byte(arg, ':');
			if (p->user && colon == STR_NPOS)
				continue;
			note_password(e, c, i + 1, shown, w, p->user ? colon + 1 : 0);
			i++;
		}
	}
}

static void long_passwords(struct eval *e, const struct command *c, struct str *shown)
{
	for (size_t i = 1; i < c->argc; i++) {
		struct str w = c->words[i];
		size_t eq = w.p ? str_find_byte(w, '=') : STR_NPOS;
		if (eq == STR_NPOS || eq < 3 || w.n > 4096)
			continue;
		struct str name = str_sub(w, 0, eq);
		while (name.n > 0 && name.p[0] == '-')
			name = str_from_index(name, 1);
		bool plain = true;
		for (size_t k = 0; k < name.n; k++)
			plain = plain && (is_word_byte(name.p[k]) || name.p[k] == '-');
		if (plain && secret_name(name))
			note_password(e, c, i, shown, name, eq + 1);
	}
}

/* shown has the words as they are; a word with a secret in it is replaced. */
void secret_argv(struct eval *e, const struct command *c, struct str *shown)
{
	if (c->argc == 0 || !c->words[0].p)
		return;
	struct str name = base_name(c->words[0]);
	const char *where = !e->out && word_in(name, "echo printf") ? "output" : "argv";
	for (size_t i = 0; i < c->argc; i++) {
		struct hit hit;
		charge(e, shown[i].n / 8);
		if (value_sensitive(&c->argv[i]) && !word_in(name, "export local declare [ test"))
			secret_emit(
				e, c, &(struct secret_found){.kind = "sensitive", .where = where});
		if (!secret_find(shown[i], 0, &hit))
			continue;
		shown[i] = secret_mask(e, shown[i]);
		secret_emit(e, c, &(struct secret_found){.kind = hit.kind, .where = where});
	}
	for (size_t i = 0; i < countof(password_options); i++)
		if (word_in(name, password_options[i].commands) &&
			(!password_options[i].verb || has_word(c, password_options[i].verb)))
			option_passwords(e, c, shown, &password_options[i]);
	if (!word_in(name, "export local declare readonly typeset"))
		long_passwords(e, c, shown);
	for (size_t i = 0; i < c->argc; i++)
		shown[i] = mask_lines(e, shown[i]);
}

/* ---- What fed a password -------------------------------------------------------------------- */

static struct str hide(struct eval *e, struct str s, struct str secret)
{
	struct str_list parts = {0};
	size_t at;
	while ((at = str_find(s, secret)) != STR_NPOS) {
		list_push(e->scratch, &parts) = str_sub(s, 0, at);
		list_push(e->scratch, &parts) = STR("<secret:password>");
		s = str_from_index(s, at + secret.n);
	}
	list_push(e->scratch, &parts) = s;
	return arena_join(e->arena, parts.items, parts.n, STR(""));
}

static struct hcl_value hide_value(struct eval *e, const struct hcl_value *v, struct str secret)
{
	struct hcl_value out = *v;
	if (v->type == HCL_STRING)
		out.string = hide(e, v->string, secret);
	if (v->type != HCL_LIST)
		return out;
	struct hcl_value *items = arena_array(e->arena, struct hcl_value, v->n + 1);
	for (size_t i = 0; i < v->n; i++) {
		items[i] = v->items[i];
		if (items[i].type == HCL_STRING)
			items[i].string = hide(e, items[i].string, secret);
	}
	out.items = items;
	return out;
}

/* Only what prints text is changed, so that no other command can hide behind a password. */
void secret_hide(struct eval *e, const struct command *c, struct str secret)
{
	static const char *const members[] = {"argv", "operands", "stdin", "command"};
	for (size_t i = e->facts->n; secret.n > 0 && i > e->facts_first; i--) {
		struct fact *f = &e->facts->items[i - 1];
		const struct hcl_value *name = hcl_member(f->value, STR("name"));
		if (f->origin.span.line != c->origin.span.line ||
			!str_eq(f->origin.file, c->origin.file))
			break;
		if (f->kind != FACT_EXEC || !name || name->type != HCL_STRING ||
			!word_in(name->string, "echo printf cat chpasswd passwd newusers"))
			continue;
		for (size_t k = 0; k < countof(members); k++) {
			const struct hcl_value *v = hcl_member(f->value, str_from(members[k]));
			if (v)
				fact_replace(e, i - 1, members[k], hide_value(e, v, secret));
		}
		f->command = hide(e, f->command, secret);
	}
}
