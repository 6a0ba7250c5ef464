/*
 * What a sed script puts into a file, so that a rule about a setting holds for
 * `s/PermitRootLogin no/PermitRootLogin yes/` and not for its reverse.
 */
#include "audit/sed.h"

#define GROUPS 10

struct sed {
	struct str rest;
	struct str groups[GROUPS]; /* 0: the whole pattern */
	struct str address; /* of the command: one pattern; p NULL: none */
	struct buf *out;
};

/* The part up to an unescaped delimiter, which goes away with it. */
static bool take_part(struct sed *s, char delimiter, struct str *part)
{
	bool bracket = false;
	for (size_t i = 0; i < s->rest.n; i++) {
		char c = s->rest.p[i];
		if (c == '\\' && !bracket) {
			i++;
			continue;
		}
		if (c == '[' && !bracket)
			bracket = str_find_byte(str_from_index(s->rest, i), ']') != STR_NPOS;
		else if (c == ']')
			bracket = false;
		if (c != delimiter || (bracket && delimiter != ']'))
			continue;
		*part = str_sub(s->rest, 0, i);
		s->rest = str_from_index(s->rest, i + 1);
		return true;
	}
	return false;
}

/* Groups of basic and extended expressions alike; nested ones are left out. */
static void find_groups(struct sed *s, struct str pattern)
{
	memset(s->groups, 0, sizeof(s->groups));
	s->groups[0] = pattern;
	size_t n = 1;
	size_t open = STR_NPOS;
	for (size_t i = 0; i < pattern.n && n < GROUPS; i++) {
		if (pattern.p[i] == '(') {
			open = i + 1;
		} else if (pattern.p[i] == ')' && open != STR_NPOS) {
			size_t end = i > open && pattern.p[i - 1] == '\\' ? i - 1 : i;
			s->groups[n++] = str_sub(pattern, open, end - open);
			open = STR_NPOS;
		}
	}
}

/* The literal characters of a pattern. */
static void add_literals(struct buf *out, struct str pattern)
{
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];
		if (c == '\\' && i + 1 < pattern.n && strchr("sStbwW?+()|<>", pattern.p[i + 1])) {
			if (pattern.p[i + 1] == 's' || pattern.p[i + 1] == 't')
				buf_add_byte(out, ' ');
			i++;
		} else if (c == '[') {
			size_t close = str_find_byte(str_from_index(pattern, i), ']');
			i += close == STR_NPOS ? 0 : close;
		} else if (!strchr("\\^$*?+.()|", c)) {
			buf_add_byte(out, c);
		}
	}
}

static void add_replacement(struct sed *s, struct str part)
{
	for (size_t i = 0; i < part.n; i++) {
		char c = part.p[i];
		char next = i + 1 < part.n ? part.p[i + 1] : '\0';
		if (c == '&') {
			add_literals(s->out, s->groups[0]);
		} else if (c == '\\' && next >= '0' && next <= '9') {
			add_literals(s->out, s->groups[next - '0']);
			i++;
		} else if (c == '\\' && (next == 'n' || next == 't')) {
			buf_add_byte(s->out, next == 'n' ? '\n' : '\t');
			i++;
		} else if (c == '\\' && next != '\0') {
			buf_add_byte(s->out, next);
			i++;
		} else {
			buf_add_byte(s->out, c);
		}
	}
	buf_add_byte(s->out, '\n');
}

static bool is_word(char c)
{
	return c == '_' || c == '.' || c == '-' || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/*
 * `/PermitRootLogin/s/no/yes/` gives a key, which the address names, the value that the
 * replacement is.
 */
static void add_addressed(struct sed *s, struct str replacement)
{
	struct buf word = {0};
	size_t n = 0;
	add_literals(&word, s->address);
	while (n < word.n && is_word(word.p[n]))
		n++;
	struct str key = str_sub(buf_str(&word), 0, n);
	static const char *const between[] = {" ", "="};
	for (size_t i = 0; n >= 4 && !str_contains(replacement, key) && i < 2; i++) {
		buf_add(s->out, key);
		buf_add_cstr(s->out, between[i]);
		add_replacement(s, replacement);
	}
	buf_clear(&word);
}

static void take_substitution(struct sed *s)
{
	struct str pattern;
	struct str replacement;
	if (s->rest.n == 0)
		return;
	char delimiter = s->rest.p[0];
	s->rest = str_from_index(s->rest, 1);
	if (!take_part(s, delimiter, &pattern) || !take_part(s, delimiter, &replacement))
		return;
	find_groups(s, pattern);
	add_replacement(s, replacement);
	if (s->address.n > 0)
		add_addressed(s, replacement);
}

static void skip_address(struct sed *s)
{
	struct str pattern;
	size_t patterns = 0;
	s->address = (struct str){0};
	while (s->rest.n > 0) {
		char c = s->rest.p[0];
		bool custom = c == '\\' && s->rest.n > 1;
		if (c == '/' || custom) {
			char delimiter = custom ? s->rest.p[1] : '/';
			s->rest = str_from_index(s->rest, custom ? 2 : 1);
			if (!take_part(s, delimiter, &pattern))
				s->rest = (struct str){0};
			else
				s->address = patterns++ == 0 ? pattern : (struct str){0};
		} else if (strchr(" \t\n;{}!,$~+0123456789I", c)) {
			if (c == '!')
				s->address = (struct str){0};
			s->rest = str_from_index(s->rest, 1);
		} else {
			return;
		}
	}
}

/* a, i and c: the text goes to the end of the line, over escaped line ends. */
static void take_text(struct sed *s)
{
	if (s->rest.n > 0 && s->rest.p[0] == '\\')
		s->rest = str_from_index(s->rest, 1);
	while (s->rest.n > 0 && strchr(" \t\n", s->rest.p[0]))
		s->rest = str_from_index(s->rest, 1);
	size_t end = 0;
	while (end < s->rest.n &&
		(s->rest.p[end] != '\n' || (end > 0 && s->rest.p[end - 1] == '\\')))
		end++;
	buf_add(s->out, str_trim(str_sub(s->rest, 0, end)));
	buf_add_byte(s->out, '\n');
	s->rest = str_from_index(s->rest, end);
}

static void take_command(struct sed *s)
{
	skip_address(s);
	if (s->rest.n == 0)
		return;
	char c = s->rest.p[0];
	s->rest = str_from_index(s->rest, 1);
	if (c == 's') {
		take_substitution(s);
	} else if (c == 'a' || c == 'i' || c == 'c') {
		take_text(s);
		return;
	}
	size_t end = 0;
	while (end < s->rest.n && !strchr(";\n}", s->rest.p[end]))
		end++;
	s->rest = str_from_index(s->rest, end);
}

void sed_adds(struct buf *out, struct str script)
{
	struct sed s = {.out = out, .rest = script};
	while (s.rest.n > 0)
		take_command(&s);
}
