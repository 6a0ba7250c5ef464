/* What a SARIF document says of rules, fired or not, and of the lists that they refer to. */
#include "audit/policy/policy.h"
#include "audit/policy/verdict.h"
#include "audit/report/sarif.h"

#include <assert.h>

static const struct sarif_level levels[] = {
	[SEVERITY_NONE] = {"none", "0.0", 0},
	[SEVERITY_INFO] = {"note", "0.5", 10},
	[SEVERITY_LOW] = {"note", "3.0", 30},
	[SEVERITY_MEDIUM] = {"warning", "5.5", 50},
	[SEVERITY_HIGH] = {"error", "8.0", 80},
	[SEVERITY_CRITICAL] = {"error", "9.5", 95},
};
static_assert(countof(levels) == SEVERITY_CRITICAL + 1, "a level for every severity");

/* References of rules that are entries of a public list begin with these words. */
struct taxonomy {
	const char *name;
	const char *prefix; /* of a reference */
	const char *skipped; /* of the prefix, what is no part of the entry's id */
	const char *organization;
	const char *uri;
	const char *description;
};
static const struct taxonomy taxonomies[] = {
	{"CWE", "CWE-", "", "MITRE", "https://cwe.mitre.org/",
		"The MITRE Common Weakness Enumeration"},
	{"ATT&CK", "ATT&CK T", "ATT&CK ", "MITRE", "https://attack.mitre.org/",
		"MITRE ATT&CK techniques"},
};

const struct sarif_level *sarif_level(enum severity s)
{
	return &levels[s];
}

struct json *sarif_text(struct arena *a, struct str s)
{
	return json_string(a, report_utf8(a, s));
}

struct json *sarif_message(struct arena *a, struct str s)
{
	struct json *j = json_object(a);
	json_set(a, j, "text", sarif_text(a, s));
	return j;
}

static bool has_text(const struct json *array, struct str s)
{
	for (size_t i = 0; i < array->array.n; i++) {
		if (str_eq(array->array.items[i]->text, s))
			return true;
	}
	return false;
}

static void add_tag(struct arena *a, struct json *tags, struct str tag)
{
	tag = report_utf8(a, tag);
	if (!has_text(tags, tag))
		json_append(a, tags, json_string(a, tag));
}

static struct json *tags_json(struct arena *a, const struct rule *r)
{
	struct json *tags = json_array(a);
	add_tag(a, tags, STR("security"));
	add_tag(a, tags, r->pack);
	for (size_t i = 0; i < r->refs.n; i++) {
		struct str ref = r->refs.items[i];
		add_tag(a, tags, ref);
		if (str_has_prefix(ref, STR("CWE-")))
			add_tag(a, tags,
				arena_printf(a, "external/cwe/cwe-%.*s",
					STR_ARG(str_from_index(ref, 4))));
	}
	return tags;
}

/* "downloaded code runs unverified" as "DownloadedCodeRunsUnverified". */
static struct json *name_json(struct arena *a, const struct rule *r)
{
	scoped(buf) name = {0};
	bool first = true;
	for (size_t i = 0; i < r->title.n; i++) {
		char c = r->title.p[i];
		bool lower = c >= 'a' && c <= 'z';
		if (lower || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			buf_add_byte(&name, first && lower ? (char)(c - 'a' + 'A') : c);
		first = !lower && !(c >= 'A' && c <= 'Z');
	}
	return json_string(a, name.n > 0 ? buf_str(&name) : r->id);
}

static struct json *help_json(struct arena *a, const struct rule *r)
{
	scoped(buf) markdown = {0};
	struct json *j = sarif_message(a, r->fix.n > 0 ? r->fix : r->title);
	if (r->why.n > 0) {
		buf_add_cstr(&markdown, "**Why:** ");
		report_add_markdown(&markdown, r->why);
		buf_add_cstr(&markdown, "\n\n");
	}
	buf_add_cstr(&markdown, "**Fix:** ");
	report_add_markdown(&markdown, r->fix.n > 0 ? r->fix : r->title);
	for (size_t i = 0; i < r->refs.n; i++) {
		buf_add_cstr(&markdown, i == 0 ? "\n\n**See:** " : ", ");
		report_add_markdown(&markdown, r->refs.items[i]);
	}
	json_set(a, j, "markdown", json_string(a, buf_str(&markdown)));
	return j;
}

/* The id of an entry that the reference names in the taxonomy, or an empty one. */
static struct str entry_of(const struct taxonomy *t, struct str ref)
{
	if (!str_has_prefix(ref, str_from(t->prefix)))
		return (struct str){0};
	return str_from_index(ref, strlen(t->skipped));
}

static struct json *taxonomy_ref(struct arena *a, size_t index)
{
	struct json *j = json_object(a);
	json_set(a, j, "name", json_cstr(a, taxonomies[index].name));
	json_set(a, j, "index", json_i64(a, (int64_t)index));
	return j;
}

struct json *sarif_taxonomy_refs(struct arena *a)
{
	struct json *j = json_array(a);
	for (size_t i = 0; i < countof(taxonomies); i++)
		json_append(a, j, taxonomy_ref(a, i));
	return j;
}

static void add_relationship(
	struct arena *a, struct json *relationships, size_t index, struct str entry)
{
	struct json *j = json_append(a, relationships, json_object(a));
	struct json *target = json_set(a, j, "target", json_object(a));
	json_set(a, target, "id", sarif_text(a, entry));
	json_set(a, target, "toolComponent", taxonomy_ref(a, index));
	struct json *kinds = json_set(a, j, "kinds", json_array(a));
	json_append(a, kinds, json_cstr(a, "superset"));
}

static struct json *relationships_json(struct arena *a, const struct rule *r)
{
	struct json *relationships = json_array(a);
	for (size_t i = 0; i < r->refs.n; i++) {
		for (size_t k = 0; k < countof(taxonomies); k++) {
			struct str entry = entry_of(&taxonomies[k], r->refs.items[i]);
			if (entry.n > 0)
				add_relationship(a, relationships, k, entry);
		}
	}
	return relationships;
}

static struct json *rule_json(struct arena *a, const struct rule *r)
{
	const struct sarif_level *level = sarif_level(r->severity);
	struct json *j = json_object(a);
	json_set(a, j, "id", sarif_text(a, r->id));
	json_set(a, j, "name", name_json(a, r));
	json_set(a, j, "shortDescription", sarif_message(a, r->title));
	json_set(a, j, "fullDescription", sarif_message(a, r->why.n > 0 ? r->why : r->title));
	json_set(a, j, "help", help_json(a, r));
	struct json *configuration = json_set(a, j, "defaultConfiguration", json_object(a));
	json_set(a, configuration, "level", json_cstr(a, level->level));
	json_set(a, configuration, "rank", json_i64(a, level->rank));
	struct json *relationships = relationships_json(a, r);
	if (relationships->array.n > 0)
		json_set(a, j, "relationships", relationships);
	struct json *properties = json_set(a, j, "properties", json_object(a));
	json_set(a, properties, "tags", tags_json(a, r));
	json_set(a, properties, "precision", json_cstr(a, "high"));
	json_set(a, properties, "problem.severity",
		json_cstr(a,
			level->rank >= 80           ? "error"
				: level->rank >= 50 ? "warning"
						    : "recommendation"));
	json_set(a, properties, "security-severity", json_cstr(a, level->security_severity));
	json_set(a, properties, "severity", json_cstr(a, severity_name(r->severity)));
	json_set(a, properties, "pack", sarif_text(a, r->pack));
	json_set(a, properties, "locked", json_bool(a, r->locked));
	return j;
}

static int compare_entries(const void *left, const void *right)
{
	return str_cmp(*(const struct str *)left, *(const struct str *)right);
}

/* The entries that rules refer to, each once, in byte order. */
static struct json *taxa_json(struct arena *a, const struct taxonomy *t, const struct policy *p)
{
	struct str_list all = {0};
	struct json *taxa = json_array(a);
	for (size_t i = 0; i < p->rules.n; i++) {
		for (size_t k = 0; k < p->rules.items[i].refs.n; k++) {
			struct str entry = entry_of(t, p->rules.items[i].refs.items[k]);
			if (entry.n > 0)
				list_push(a, &all) = entry;
		}
	}
	if (all.n > 1)
		qsort(all.items, all.n, sizeof(*all.items), compare_entries);
	for (size_t i = 0; i < all.n; i++) {
		if (i > 0 && str_eq(all.items[i], all.items[i - 1]))
			continue;
		struct json *taxon = json_append(a, taxa, json_object(a));
		json_set(a, taxon, "id", sarif_text(a, all.items[i]));
	}
	return taxa;
}

static struct json *taxonomies_json(struct arena *a, const struct policy *p)
{
	struct json *all = json_array(a);
	for (size_t i = 0; i < countof(taxonomies); i++) {
		const struct taxonomy *t = &taxonomies[i];
		struct json *j = json_append(a, all, json_object(a));
		json_set(a, j, "name", json_cstr(a, t->name));
		json_set(a, j, "organization", json_cstr(a, t->organization));
		json_set(a, j, "informationUri", json_cstr(a, t->uri));
		json_set(a, j, "shortDescription", sarif_message(a, str_from(t->description)));
		json_set(a, j, "taxa", taxa_json(a, t, p));
	}
	return all;
}

/* ---- Their text, as it stands at its place in the document ---------------------------------- */

static struct json *nest(struct arena *a, struct json *rules, struct json *lists)
{
	struct json *j = json_object(a);
	struct json *runs = json_set(a, j, "runs", json_array(a));
	struct json *run = json_append(a, runs, json_object(a));
	if (lists) {
		json_set(a, run, "taxonomies", lists);
		return j;
	}
	struct json *tool = json_set(a, run, "tool", json_object(a));
	struct json *driver = json_set(a, tool, "driver", json_object(a));
	json_set(a, driver, "rules", rules);
	return j;
}

/* The member of the nested document that begins with `name`, up to its closing bracket. */
static struct str cut_member(struct arena *a, const struct json *document, struct str name)
{
	scoped(buf) text = {0};
	json_write_pretty(&text, document);
	struct str s = buf_str(&text);
	s = str_from_index(s, str_find(s, name));
	s = str_sub(s, 0, str_rfind_byte(s, ']')); /* of the runs */
	s = str_sub(s, 0, str_rfind_byte(s, ']') + 1);
	return arena_str(a, s);
}

static void fill_cache(struct audit_cache *c)
{
	scoped(arena) a = {0};
	if (c->rules.n > 0)
		return;
	struct json *rules = json_array(&a);
	for (size_t i = 0; i < c->policy->rules.n; i++)
		json_append(&a, rules, rule_json(&a, &c->policy->rules.items[i]));
	c->rules = cut_member(&c->arena, nest(&a, rules, NULL), STR("\"rules\": "));
	c->taxonomies = cut_member(
		&c->arena, nest(&a, NULL, taxonomies_json(&a, c->policy)), STR("\"taxonomies\": "));
}

/* Before both places in the document stand only words of this program. */
static struct str add_instead(
	struct buf *out, struct str document, struct str member, struct str text)
{
	size_t at = str_find(document, member);
	if (at == STR_NPOS)
		return document;
	buf_add(out, str_sub(document, 0, at));
	buf_add(out, text);
	return str_from_index(document, at + member.n);
}

void sarif_add_rules(struct buf *out, struct str document, struct audit_cache *c)
{
	fill_cache(c);
	document = add_instead(out, document, STR("\"rules\": []"), c->rules);
	document = add_instead(out, document, STR("\"taxonomies\": []"), c->taxonomies);
	buf_add(out, document);
}
