/* What comes from elsewhere: downloads, clones, images. */
#include "audit/ansible/ansible.h"

/* ---- get_url and uri ------------------------------------------------------------------------ */

/* Into a directory: under the last name of the address. */
static void settle_dest(struct task *t, struct value *dest)
{
	struct eval *e = t->p->e;
	struct str path;
	struct str url = arg_str(t, "url");
	if (!value_const(e, dest, &path))
		return;
	const struct file *f = guest_find(e, path);
	bool dir = str_has_suffix(path, STR("/")) || (f && f->tree) ||
		word_in(path, "/tmp /opt /usr/local/bin /usr/bin /root /var/tmp");
	url = str_sub(url, 0, str_find_byte(url, '?'));
	if (!dir || base_name(url).n == 0)
		return;
	bool slash = str_has_suffix(path, STR("/"));
	*dest = value_text(e,
		arena_printf(e->scratch, "%.*s%s%.*s", STR_ARG(path), slash ? "" : "/",
			STR_ARG(base_name(url))));
}

static void add_headers(struct task *t, struct value_list *words)
{
	struct playbook *p = t->p;
	struct any headers = arg(t, "headers");
	for (size_t i = 0; headers.kind == ANY_MAP && i < headers.n; i++) {
		struct any one = any_at(p, &headers, i);
		struct value v = any_value(p, &one);
		struct chunks line = {0};
		chunks_add_text(p->e, &line, any_key(&headers, i));
		chunks_add_text(p->e, &line, STR(": "));
		chunks_add_value(p->e, &line, &v);
		words_add(p, words, "-H");
		list_push(p->e->scratch, words) = chunks_value(p->e, &line);
	}
}

static void download(struct task *t, const struct value *dest)
{
	struct playbook *p = t->p;
	struct value_list words = {0};
	struct any url = arg(t, "url|src");
	struct any certs = arg(t, "validate_certs");
	struct any user = arg(t, "url_username|user");
	struct any password = arg(t, "url_password|password");
	words_add(p, &words, "curl");
	words_add(p, &words, "-fsSL");
	if (certs.kind == ANY_TEXT && any_truth(p, &certs) == TRUTH_NO)
		words_add(p, &words, "-k");
	if (user.kind == ANY_TEXT && password.kind == ANY_TEXT) {
		struct chunks pair = {0};
		chunks_add_value(p->e, &pair, &user.text);
		chunks_add_text(p->e, &pair, STR(":"));
		chunks_add_value(p->e, &pair, &password.text);
		words_add(p, &words, "-u");
		list_push(p->e->scratch, &words) = chunks_value(p->e, &pair);
	}
	add_headers(t, &words);
	if (dest && !value_empty(dest)) {
		words_add(p, &words, "-o");
		list_push(p->e->scratch, &words) = *dest;
	}
	list_push(p->e->scratch, &words) = any_value(p, &url);
	(void)module_argv(t, words.items, words.n);
}

/* "sha256:DIGEST" or "sha256:URL": the module fails when they are not the same. */
static void check(struct task *t, const struct value *dest)
{
	struct eval *e = t->p->e;
	struct any sum = arg(t, "checksum");
	struct value v = any_value(t->p, &sum);
	struct str prefix = value_prefix(e, &v);
	size_t colon = str_find_byte(prefix, ':');
	struct chunks code = {0};
	struct place place = {t->unit, t->node->span, false};
	(void)arg_place(t, "checksum", &place);
	if (sum.kind == ANY_UNDEFINED || sum.kind == ANY_OMIT || value_empty(&v))
		return;
	struct str type = colon == STR_NPOS ? STR("sha256") : str_sub(prefix, 0, colon);
	bool url = colon != STR_NPOS && str_contains(str_from_index(prefix, colon + 1), STR("://"));
	chunks_add_text(e, &code, url ? STR("curl -fsSL '") : STR("echo '"));
	for (size_t i = 0; i < v.n; i++) {
		struct chunk c = v.items[i];
		if (i == 0 && colon != STR_NPOS && c.kind == CHUNK_TEXT)
			c.text = str_from_index(c.text, colon + 1);
		chunks_add(e, &code, &c);
	}
	if (!url) {
		chunks_add_text(e, &code, STR("  "));
		chunks_add_value(e, &code, dest);
	}
	chunks_add_text(e, &code, arena_printf(e->scratch, "' | %.*ssum -c -", STR_ARG(type)));
	struct value text = chunks_value(e, &code);
	(void)module_shell(t, &text, place, SHELL_BASH);
}

static struct any result_with(struct task *t, const char *key, const struct value *value)
{
	struct str *keys = arena_new(t->p->e->scratch, struct str);
	struct any *item = arena_new(t->p->e->scratch, struct any);
	*keys = str_from(key);
	*item = any_text(*value);
	return (struct any){.kind = ANY_MAP, .items = item, .keys = keys, .n = 1};
}

static void run_get_url(struct task *t)
{
	struct any to = arg(t, "dest");
	struct value dest = any_value(t->p, &to);
	settle_dest(t, &dest);
	download(t, &dest);
	check(t, &dest);
	if (module_mode(t).n > 0) {
		struct value argv[] = {value_text(t->p->e, STR("chmod")),
			value_text(t->p->e, module_mode(t)), dest};
		(void)module_argv(t, argv, countof(argv));
	}
	t->result = result_with(t, "dest", &dest);
}

static void run_uri(struct task *t)
{
	struct any to = arg(t, "dest");
	struct value dest = any_value(t->p, &to);
	struct str method = arg_str(t, "method");
	if (dest.n > 0 || method.n == 0 || word_in(method, "GET get"))
		download(t, &dest);
	else
		(void)module_command(
			t, "curl -fsS [!validate_certs:-k] -X {method} (-d {body}) {url}");
}

/* ---- git ------------------------------------------------------------------------------------ */

static bool is_commit(struct str s)
{
	size_t n = 0;
	while (n < s.n && strchr("0123456789abcdefABCDEF", s.p[n]) && s.p[n])
		n++;
	return n == s.n && (n == 40 || n == 64);
}

static void run_git(struct task *t)
{
	struct str version = arg_str(t, "version");
	bool named = arg_given(t, "version") && !is_commit(version) && !str_is(version, "HEAD");
	(void)module_command(t,
		named ? "git clone --branch {version} {repo|name} {dest}"
		      : "git clone {repo|name} {dest}");
	if (is_commit(version))
		(void)module_command(t, "git -C {dest} checkout {version}");
	if (arg_true(t, "verify_commit"))
		(void)module_command(t, "git -C {dest} verify-commit HEAD");
}

/* ---- Containers ----------------------------------------------------------------------------- */

static void run_image(struct task *t)
{
	bool build = arg_is(t, "source", "build") || arg_given(t, "build");
	if (build || arg_is(t, "state", "absent") || arg_is(t, "source", "load"))
		(void)module_command(t, build ? "docker build {path|name}" : "docker image {name}");
	else if (arg_given(t, "tag"))
		(void)module_command(t, "docker pull {name}:{tag}");
	else
		(void)module_command(t, "docker pull {name}");
}

const struct module modules_network[] = {
	{"get_url win_get_url", NULL, NULL, run_get_url},
	{"uri win_uri", NULL, NULL, run_uri},
	{"git", NULL, NULL, run_git},
	{"subversion", NULL, "svn checkout {repo|repository|name} {dest}"},
	{"hg", NULL, "hg clone {repo|name} {dest}"},
	{"s3_object aws_s3", "mode=get|getstr", "aws s3 cp s3://{bucket}/{object|key} {dest}"},
	{"s3_sync", NULL, "aws s3 sync {file_root} s3://{bucket}"},
	{"docker_image docker_image_pull podman_image", NULL, NULL, run_image},
	{"docker_container podman_container", "!state=absent|stopped image",
		"docker run -d [privileged:--privileged] (--network {network_mode}) (--pid "
		"{pid_mode}) {capabilities*:--cap-add} {volumes|volume*:-v} "
		"{ports|published_ports*:-p} {image}"},
	{"docker_container podman_container", "state=absent|stopped", NULL},
	{"docker_login podman_login", NULL,
		"docker login -u {username} -p {password} {registry_url|registry}"},
	{"docker_compose docker_compose_v2", NULL, "docker compose up -d"},
	{"docker_network docker_volume docker_prune podman_network", NULL, NULL},
	{"k8s", "src", "kubectl apply -f {src}"},
	{"maven_artifact", NULL, "mvn dependency:get {group_id}:{artifact_id}:{version}"},
	{0},
};
