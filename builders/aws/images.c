#include "builders/aws/aws.h"

#include <stdio.h>

#define PAGES_MAX 500
#define IMAGES_MAX 200000

struct images {
	struct aws_image *items;
	size_t n;
	size_t cap;
};

/* ---- What is looked for ---------------------------------------------------------------------- */

/*
 * One value of a line of comma-separated ones, as Go's encoding/csv cuts it with lazy quotes: in
 * quotes commas are part of it, and two quotes are one.
 */
static struct str next_value(struct str *rest, struct arena *a)
{
	scoped(buf) out = {0};
	size_t i = 0;
	while (i < rest->n && (rest->p[i] == ' ' || rest->p[i] == '\t'))
		i++;
	bool quoted = i < rest->n && rest->p[i] == '"';
	if (quoted)
		i++;
	for (; i < rest->n; i++) {
		char c = rest->p[i];
		bool last = i + 1 == rest->n;
		if (!quoted && c == ',')
			break;
		if (!quoted || c != '"') {
			buf_add_byte(&out, c);
		} else if (!last && rest->p[i + 1] == '"') {
			buf_add_byte(&out, rest->p[++i]);
		} else if (last || rest->p[i + 1] == ',') {
			i++;
			break;
		} else {
			buf_add_byte(&out, c);
		}
	}
	*rest = i < rest->n ? str_from_index(*rest, i + 1) : (struct str){NULL, 0};
	return arena_str(a, buf_str(&out));
}

static int value_of(
	const struct text *t, const char *key, struct arena *a, struct str *out, struct error *err)
{
	if (!text_value(t, a, out))
		return error_set(err, ERROR_INPUT, "\"%s\" is not known before the build", key);
	return 0;
}

static void add(struct arena *a, struct aws_parameters *p, struct str name, struct str value)
{
	list_push(a, p) = (struct aws_parameter){name, value};
}

static int add_filters(struct aws_parameters *p, const struct aws_image_filter *f, struct arena *a,
	struct error *err)
{
	for (size_t i = 0; i < f->filters.n; i++) {
		struct str values = {0};
		if (value_of(&f->filters.values[i], "filters", a, &values, err) < 0)
			return -1;
		if (values.n == 0)
			return error_set(err, ERROR_INPUT, "filter \"%.*s\" has no value",
				STR_ARG(f->filters.keys[i]));
		add(a, p, arena_printf(a, "Filter.%zu.Name", i + 1), f->filters.keys[i]);
		for (size_t k = 1; values.p; k++)
			add(a, p, arena_printf(a, "Filter.%zu.Value.%zu", i + 1, k),
				next_value(&values, a));
	}
	for (size_t i = 0; i < f->owners.n; i++) {
		struct str owner = {0};
		if (value_of(&f->owners.items[i], "owners", a, &owner, err) < 0)
			return -1;
		add(a, p, arena_printf(a, "Owner.%zu", i + 1), owner);
	}
	if (f->include_deprecated)
		add(a, p, STR("IncludeDeprecated"), STR("true"));
	add(a, p, STR("MaxResults"), STR("1000"));
	return 0;
}

/* ---- What is found --------------------------------------------------------------------------- */

static struct str keep(struct arena *a, const struct xml *x, const char *name)
{
	return arena_str(a, xml_text(x, name));
}

static void read_image(struct images *out, const struct xml *item, struct arena *a)
{
	struct aws_image image = {
		.id = keep(a, item, "imageId"),
		.name = keep(a, item, "name"),
		.creation_date = keep(a, item, "creationDate"),
		.owner = keep(a, item, "imageOwnerId"),
		.owner_alias = keep(a, item, "imageOwnerAlias"),
	};
	const struct xml *tags = xml_find(item, "tagSet");
	for (size_t i = 0; tags && i < tags->children.n; i++) {
		const struct xml *tag = tags->children.items[i];
		const struct xml *value = xml_find(tag, "value");
		add(a, &image.tags, keep(a, tag, "key"),
			arena_str(a, value ? value->text : STR("")));
	}
	if (image.id.n > 0)
		list_push(a, out) = image;
}

/* A page; `next` is where the following one starts, or empty. */
static int read_page(struct aws_client *c, struct images *out, struct str *next,
	const struct aws_parameters *p, struct arena *a, struct error *err)
{
	scoped(arena) scratch = {0};
	struct aws_answer answer = {0};
	if (aws_ec2(c, &answer, "DescribeImages", p, &scratch, err) < 0)
		return -1;
	const struct xml *set = xml_find(answer.xml, "imagesSet");
	if (!set)
		return error_set(err, ERROR_SYSTEM, "ec2 DescribeImages: the answer has no list");
	for (size_t i = 0; i < set->children.n; i++)
		read_image(out, set->children.items[i], a);
	*next = keep(a, answer.xml, "nextToken");
	return 0;
}

static int read_pages(struct aws_client *c, struct images *out, struct aws_parameters *p,
	struct arena *a, struct error *err)
{
	struct str next = STR("");
	size_t first = p->n;
	for (unsigned page = 0; page < PAGES_MAX && out->n < IMAGES_MAX; page++) {
		if (read_page(c, out, &next, p, a, err) < 0)
			return -1;
		if (next.n == 0)
			return 0;
		p->n = first;
		add(a, p, STR("NextToken"), next);
	}
	return error_set(err, ERROR_INPUT, "the filters leave too many images: say more of them");
}

/* Dates of one form: the order of their bytes is that of time. */
static bool is_newer(const struct aws_image *x, const struct aws_image *y)
{
	int order = str_cmp(x->creation_date, y->creation_date);
	return order > 0 || (order == 0 && str_cmp(x->id, y->id) > 0);
}

int aws_image_find(struct aws_client *c, struct aws_image *out,
	const struct aws_image_filter *filter, struct arena *a, struct error *err)
{
	struct aws_parameters p = {0};
	struct images found = {0};
	if (filter->owners.n == 0)
		return error_set(err, ERROR_INPUT,
			"\"owners\" is required: without it, images of anybody are found");
	if (add_filters(&p, filter, a, err) < 0 || read_pages(c, &found, &p, a, err) < 0)
		return -1;
	if (found.n == 0)
		return error_set(err, ERROR_INPUT, "no image of these owners passes the filters");
	if (found.n > 1 && !filter->most_recent)
		return error_set(err, ERROR_INPUT,
			"%zu images pass the filters: say more of it, or set most_recent", found.n);
	size_t newest = 0;
	for (size_t i = 1; i < found.n; i++) {
		if (is_newer(&found.items[i], &found.items[newest]))
			newest = i;
	}
	*out = found.items[newest];
	return 0;
}
