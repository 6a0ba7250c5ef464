/* What one policy has that another has not. */
#include "cmd/policy.h"

/* A change of a rule, or of the policy when there is none: old and new text. */
struct change {
	const char *what;
	struct str old;
	struct str new;
};
struct change_list {
	struct change *items;
	size_t n;
	size_t cap;
};

struct comparison {
	struct arena arena;
	struct pipeline old;
	struct pipeline new;
	struct buf text;
	struct json *added;
	struct json *removed;
	struct json *changed;
	size_t n;
};

static void comparison_clear(struct comparison *c)
{
	pipeline_clear(&c->old);
	pipeline_clear(&c->new);
	buf_clear(&c->text);
	arena_clear(&c->arena);
}

/* "builtin" or a path, and behind an @ a profile. */
static int load(struct pipeline *p, struct cli *cli, const char *name, struct error *err)
{
	const char *at = strrchr(name, '@');
	struct policy_options_cli o = {0};
	struct str path = at ? (struct str){name, (size_t)(at - name)} : str_from(name);
	p->cli = cli;
	o.profile = at ? at + 1 : NULL;
	o.no_builtin = !str_is(path, "builtin");
	if (o.no_builtin)
		list_push(&p->arena, &o.policy) = arena_cstr(&p->arena, path);
	return pipeline_policy(p, &o, err) < 0 ? error_wrap(err, "%s", name) : 0;
}

static void note(
	struct change_list *list, struct arena *a, const char *what, struct str old, struct str new)
{
	if (!str_eq(old, new))
		list_push(a, list) = (struct change){what, old, new};
}

static struct str join(struct arena *a, const struct str_list *list)
{
	return arena_join(a, list->items, list->n, STR(", "));
}

static struct str params_text(struct arena *a, const struct rule *r)
{
	scoped(buf) out = {0};
	json_write_compact(&out, hcl_to_json(a, &r->params));
	return arena_str(a, buf_str(&out));
}

static void compare(
	struct change_list *list, struct arena *a, const struct rule *old, const struct rule *new)
{
	note(list, a, "severity", str_from(severity_name(old->severity)),
		str_from(severity_name(new->severity)));
	note(list, a, "locked", old->locked ? STR("yes") : STR("no"),
		new->locked ? STR("yes") : STR("no"));
	note(list, a, "on", str_from(fact_kind_name(old->on)), str_from(fact_kind_name(new->on)));
	note(list, a, "when", old->condition, new->condition);
	note(list, a, "params", params_text(a, old), params_text(a, new));
	note(list, a, "title", old->title, new->title);
	note(list, a, "message", old->message_text, new->message_text);
	note(list, a, "why", old->why, new->why);
	note(list, a, "fix", old->fix, new->fix);
	note(list, a, "refs", join(a, &old->refs), join(a, &new->refs));
	note(list, a, "pack", old->pack, new->pack);
	note(list, a, "bad", join(a, &old->bad), join(a, &new->bad));
	note(list, a, "good", join(a, &old->good), join(a, &new->good));
}

static void tell_one(struct comparison *c, struct json *list, char sign, const struct rule *r)
{
	struct arena *a = &c->arena;
	c->n++;
	buf_printf(&c->text, "%c %.*s  %s  %.*s\n", sign, STR_ARG(r->id),
		severity_name(r->severity), STR_ARG(r->title));
	struct json *j = json_append(a, list, json_object(a));
	json_set(a, j, "id", json_string(a, r->id));
	json_set(a, j, "severity", json_cstr(a, severity_name(r->severity)));
	json_set(a, j, "title", json_string(a, r->title));
}

static void tell_changes(struct comparison *c, struct str id, const struct change_list *list)
{
	struct arena *a = &c->arena;
	if (list->n == 0)
		return;
	c->n++;
	buf_printf(&c->text, "~ %.*s\n", STR_ARG(id));
	struct json *j = json_append(a, c->changed, json_object(a));
	json_set(a, j, "id", json_string(a, id));
	struct json *changes = json_set(a, j, "changes", json_array(a));
	for (size_t i = 0; i < list->n; i++) {
		const struct change *one = &list->items[i];
		buf_printf(&c->text, "    %s: %.*s -> %.*s\n", one->what, STR_ARG(one->old),
			STR_ARG(one->new));
		struct json *change = json_append(a, changes, json_object(a));
		json_set(a, change, "what", json_cstr(a, one->what));
		json_set(a, change, "old", json_string(a, one->old));
		json_set(a, change, "new", json_string(a, one->new));
	}
}

static struct str packs_of(struct arena *a, const struct policy *p)
{
	size_t n = 0;
	const struct policy_pack *packs = policy_packs(p, &n);
	struct str_list names = {0};
	for (size_t i = 0; i < n; i++)
		list_push(a, &names) = arena_printf(
			a, "%.*s %.*s", STR_ARG(packs[i].name), STR_ARG(packs[i].version));
	return join(a, &names);
}

static void compare_policies(struct comparison *c)
{
	struct arena *a = &c->arena;
	struct change_list list = {0};
	note(&list, a, "packs", packs_of(a, c->old.policy), packs_of(a, c->new.policy));
	note(&list, a, "profile", policy_profile(c->old.policy), policy_profile(c->new.policy));
	note(&list, a, "threshold", str_from(severity_name(policy_threshold(c->old.policy))),
		str_from(severity_name(policy_threshold(c->new.policy))));
	tell_changes(c, STR("policy"), &list);
}

typedef const struct rule *rules_fn(const struct policy *p, size_t *n);

/* Both lists are in byte order of the id. */
static void compare_rules(struct comparison *c, rules_fn *rules)
{
	size_t n = 0;
	size_t m = 0;
	const struct rule *old = rules(c->old.policy, &n);
	const struct rule *new = rules(c->new.policy, &m);
	for (size_t i = 0, k = 0; i < n || k < m;) {
		int order = i == n ? 1 : k == m ? -1 : str_cmp(old[i].id, new[k].id);
		struct change_list list = {0};
		if (order == 0) {
			compare(&list, &c->arena, &old[i], &new[k]);
			tell_changes(c, old[i].id, &list);
		} else if (order < 0) {
			tell_one(c, c->removed, '-', &old[i]);
		} else {
			tell_one(c, c->added, '+', &new[k]);
		}
		i += order <= 0;
		k += order >= 0;
	}
}

int policy_diff(struct cli *cli, const void *options, struct error *err)
{
	const struct policy_verb *o = options;
	scoped(comparison) c = {0};
	if (cli->arg_count != 2)
		return error_set(err, ERROR_USAGE,
			"policy diff takes two policies: files, directories or \"builtin\", each "
			"with @PROFILE or without");
	if (load(&c.old, cli, cli->args[0], err) < 0 || load(&c.new, cli, cli->args[1], err) < 0)
		return -1;
	c.added = json_array(&c.arena);
	c.removed = json_array(&c.arena);
	c.changed = json_array(&c.arena);
	compare_policies(&c);
	compare_rules(&c, policy_rules);
	compare_rules(&c, policy_own_rules);
	if (o->json) {
		struct json *j = json_object(&c.arena);
		json_set(&c.arena, j, "added", c.added);
		json_set(&c.arena, j, "removed", c.removed);
		json_set(&c.arena, j, "changed", c.changed);
		buf_reset(&c.text);
		json_write_pretty(&c.text, j);
		buf_add_byte(&c.text, '\n');
	}
	if (cli_print(&c.text, err) < 0)
		return -1;
	return c.n == 0 ? EXIT_YES : EXIT_NO;
}
