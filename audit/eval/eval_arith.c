/* Integer arithmetic of the shell, as far as all its operands are known. */
#include "audit/eval/eval.h"

#define ARITH_DEPTH_MAX 32

struct arith {
	struct eval *e;
	struct str s;
	size_t i;
	unsigned depth;
	bool bad;
};

struct operator
{
	const char *text;
	int level;
};

/* Longer ones first. Assignments and ?: are not followed: their result is not known. */
static const struct operator operators[] = {
	{"<<", 8},
	{">>", 8},
	{"<=", 7},
	{">=", 7},
	{"==", 6},
	{"!=", 6},
	{"&&", 2},
	{"||", 1},
	{"**", 11},
	{"<", 7},
	{">", 7},
	{"&", 5},
	{"^", 4},
	{"|", 3},
	{"+", 9},
	{"-", 9},
	{"*", 10},
	{"/", 10},
	{"%", 10},
};

static void skip_space(struct arith *a)
{
	while (a->i < a->s.n && strchr(" \t\n", a->s.p[a->i]) && a->s.p[a->i])
		a->i++;
}

static bool is_name_byte(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static int64_t expression(struct arith *a, int level);

static int64_t name_value(struct arith *a, struct str name)
{
	struct value v = variable_value(a->e, name);
	struct str s;
	int64_t n = 0;
	if (!value_const(a->e, &v, &s) || !str_to_i64(str_trim(s), &n))
		a->bad = true;
	return n;
}

static int64_t primary(struct arith *a)
{
	skip_space(a);
	if (a->i >= a->s.n || ++a->depth > ARITH_DEPTH_MAX) {
		a->bad = true;
		return 0;
	}
	char c = a->s.p[a->i];
	int64_t n = 0;
	if (c == '(') {
		a->i++;
		n = expression(a, 1);
		skip_space(a);
		a->bad = a->bad || a->i >= a->s.n || a->s.p[a->i++] != ')';
	} else if (c == '-' || c == '+' || c == '!' || c == '~') {
		a->i++;
		n = primary(a);
		n = c == '-' ? (int64_t)(0 - (uint64_t)n) : c == '!' ? !n : c == '~' ? ~n : n;
	} else {
		size_t start = a->i;
		while (a->i < a->s.n && is_name_byte(a->s.p[a->i]))
			a->i++;
		struct str word = str_sub(a->s, start, a->i - start);
		if (word.n == 0)
			a->bad = true;
		else if (c < '0' || c > '9')
			n = name_value(a, word);
		else if (!str_to_i64(word, &n))
			a->bad = true;
	}
	a->depth--;
	return n;
}

static const struct operator* next_operator(struct arith *a)
{
	skip_space(a);
	for (size_t i = 0; i < countof(operators); i++)
		if (str_has_prefix(str_from_index(a->s, a->i), str_from(operators[i].text)))
			return &operators[i];
	return NULL;
}

static int64_t divide(struct arith *a, int64_t x, int64_t y, bool rest)
{
	if (y == 0 || (x == INT64_MIN && y == -1)) {
		a->bad = true;
		return 0;
	}
	return rest ? x % y : x / y;
}

static int64_t power(struct arith *a, int64_t x, int64_t y)
{
	uint64_t n = 1;
	if (y < 0 || y > 64)
		a->bad = true;
	for (int64_t i = 0; i < y && !a->bad; i++)
		n *= (uint64_t)x;
	return (int64_t)n;
}

static int64_t apply(struct arith *a, const char *op, int64_t x, int64_t y)
{
	uint64_t ux = (uint64_t)x;
	uint64_t uy = (uint64_t)y;
	if (op[0] == '*' && op[1] == '*')
		return power(a, x, y);
	switch (op[0]) {
	case '+':
		return (int64_t)(ux + uy);
	case '-':
		return (int64_t)(ux - uy);
	case '*':
		return (int64_t)(ux * uy);
	case '/':
	case '%':
		return divide(a, x, y, op[0] == '%');
	case '<':
		return op[1] == '<' ? (int64_t)(ux << (uy & 63)) : op[1] == '=' ? x <= y : x < y;
	case '>':
		return op[1] == '>' ? x >> (uy & 63) : op[1] == '=' ? x >= y : x > y;
	case '=':
		return x == y;
	case '!':
		return x != y;
	case '&':
		return op[1] == '&' ? x && y : (int64_t)(ux & uy);
	case '|':
		return op[1] == '|' ? x || y : (int64_t)(ux | uy);
	case '^':
		return (int64_t)(ux ^ uy);
	default:
		a->bad = true;
		return 0;
	}
}

static int64_t expression(struct arith *a, int level)
{
	if (++a->depth > ARITH_DEPTH_MAX)
		a->bad = true;
	int64_t x = a->bad ? 0 : primary(a);
	while (!a->bad) {
		const struct operator* op = next_operator(a);
		if (!op || op->level < level)
			break;
		a->i += strlen(op->text);
		int64_t y = expression(a, op->level + 1);
		x = a->bad ? 0 : apply(a, op->text, x, y);
	}
	a->depth--;
	return x;
}

bool eval_arith(struct eval *e, struct str text, int64_t *out)
{
	struct arith a = {.e = e, .s = text};
	int64_t n = expression(&a, 1);
	skip_space(&a);
	if (a.bad || a.i != text.n)
		return false;
	*out = n;
	return true;
}
