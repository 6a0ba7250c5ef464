/* Commands that bring bytes from the network. */
#include "audit/eval/eval.h"

/* ---- Facts ---------------------------------------------------------------------------------- */

static bool is_authenticated(struct str scheme)
{
	return word_in(scheme, "https ftps ssh sftp s3 gs oss az git+ssh wss");
}

struct source *download_emit(struct eval *e, const struct command *c, const struct download *d)
{
	struct members m = members_of(e, c);
	struct source *s = source_new(e, c, SOURCE_NETWORK, d->tool, &d->url);
	s->insecure = d->insecure;
	s->tls = is_authenticated(d->url.scheme) && !d->insecure;
	s->ref = d->ref;
	/* The server has files of the commit and no others. */
	s->pinned = d->pinned || d->url.served.p;
	put_str(&m, "tool", d->tool);
	put_str(&m, "url", d->url.text);
	put_str(&m, "prefix", d->url.prefix.p ? d->url.prefix : STR(""));
	put_str(&m, "scheme", d->url.scheme);
	put_str(&m, "host", d->url.host);
	put_bool(&m, "local", d->url.local);
	put_bool(&m, "address", d->url.address);
	put_str(&m, "dest", d->dest.p ? guest_shown(e, d->dest) : d->dest);
	put_bool(&m, "tls", s->tls);
	put_bool(&m, "insecure", d->insecure);
	put_str(&m, "ref", d->ref.n != 0 ? d->ref : (struct str){0});
	put_bool(&m, "pinned", s->pinned);
	s->fact = emit(e, FACT_DOWNLOAD, c, &m);
	return s;
}

/* What the build's own HTTP server gives is in the plan. */
static const struct step *served_step(const struct eval *e, struct str path)
{
	for (size_t i = 0; path.p && e->plan && i < e->plan->steps.n; i++) {
		const struct step *s = &e->plan->steps.items[i];
		if (s->type != STEP_BOOT || !word_in(s->boot.what, "http_directory http_content"))
			continue;
		struct str name = s->boot.path;
		if (str_has_prefix(name, STR("/")))
			name = str_from_index(name, 1);
		if (str_eq(name, path))
			return s;
	}
	return NULL;
}

static void deliver_served(
	struct eval *e, const struct command *c, const struct download *d, const struct step *s)
{
	struct value v = value_from_text(e, &s->boot.content);
	struct file f = {.content = v, .upload = s, .created = true};
	struct write w = {.path = d->dest, .content = &v, .by = "download"};
	charge(e, v.n + 16);
	if (!d->dest.p || str_is(d->dest, "/dev/null"))
		return;
	if (str_is(d->dest, "-") || str_is(d->dest, "/dev/stdout")) {
		out_value(e, &v);
		return;
	}
	guest_write(e, c, &w);
	guest_put(e, d->dest, &f);
}

/* The bytes reach standard output, a file or a directory. */
static void deliver(struct eval *e, const struct command *c, const struct download *d, bool tree)
{
	struct source *s = download_emit(e, c, d);
	const struct step *served = tree ? NULL : served_step(e, d->url.served);
	if (served) {
		deliver_served(e, c, d, served);
		return;
	}
	const struct taint *t = taint_via(e, taint_of(e, s), d->tool, false);
	struct str label = arena_printf(e->scratch, "$(%.*s …)", STR_ARG(d->tool));
	struct value v = value_tainted(e, label, t);
	if (d->dest.p && str_is(d->dest, "-")) {
		out_value(e, &v);
		return;
	}
	if (!d->dest.p || str_is(d->dest, "/dev/null"))
		return;
	if (str_is(d->dest, "/dev/stdout")) {
		out_value(e, &v);
		return;
	}
	struct write w = {.path = d->dest, .content = &v, .by = "download"};
	const struct file *old = tree ? guest_find(e, d->dest) : NULL;
	guest_write(e, c, &w);
	if (tree)
		guest_put(e, d->dest, guest_tree(e, old, &v));
}

static struct str joined(struct eval *e, struct str dir, struct str name)
{
	if (!dir.p || dir.n == 0)
		return name;
	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	return arena_printf(e->scratch, "%.*s/%.*s", STR_ARG(dir), STR_ARG(name));
}

bool is_dir_name(struct str path)
{
	return path.n > 0 && (path.p[path.n - 1] == '/' || str_is(path, ".") || str_is(path, ".."));
}

/* The last part of the URL's path, which is where -O and wget put it. */
static struct str remote_name(
	struct eval *e, const struct url *u, const struct value *v, bool query)
{
	struct str path = u->text.p ? u->path : (struct str){0};
	if (!path.p && v->n > 0 && v->items[v->n - 1].kind == CHUNK_TEXT) {
		/* Only the end of the URL is known: enough when a slash stands in it. */
		struct str tail = v->items[v->n - 1].text;
		if (str_find_byte(tail, '/') != STR_NPOS)
			path = tail;
	}
	if (!path.p)
		return (struct str){0};
	if (!query)
		path = str_sub(path, 0, str_find_byte(path, '?'));
	path = str_sub(path, 0, str_find_byte(path, '#'));
	struct str name = base_name(path);
	return name.n > 0 ? arena_str(e->scratch, name) : STR("index.html");
}

/* ---- curl, wget and their kind -------------------------------------------------------------- */

struct fetcher {
	const char *names;
	struct optspec spec;
	const char *output; /* -o FILE */
	const char *directory; /* -P DIR */
	const char *insecure;
	const char *remote; /* -O: keep the remote name */
	const char *url; /* --url URL */
	const char *head; /* no body */
	bool to_file; /* without an option: remote name rather than standard output */
	bool query; /* the remote name has the query in it */
};

static const char *const curl_longs[] = {"--output", "--url", "--data", "--data-raw",
	"--data-binary", "--data-urlencode", "--header", "--user", "--user-agent", "--proxy",
	"--cacert", "--capath", "--cert", "--key", "--max-time", "--connect-timeout", "--retry",
	"--retry-delay", "--retry-max-time", "--request", "--form", "--referer", "--cookie",
	"--cookie-jar", "--write-out", "--range", "--resolve", "--connect-to", "--interface",
	"--limit-rate", "--config", "--output-dir", "--proto", "--proto-redir", "--proto-default",
	"--tls-max", "--ciphers", "--tls13-ciphers", "--dump-header", "--netrc-file",
	"--max-redirs", "--max-filesize", "--oauth2-bearer", "--pinnedpubkey", "--noproxy",
	"--unix-socket", "--upload-file", "--socks5", "--socks5-hostname", "--json", "--stderr",
	"--trace", "--trace-ascii", "--time-cond", "--speed-limit", "--speed-time", "--pass",
	"--form-string", "--proxy-user", "--aws-sigv4", "--dns-servers", "--doh-url",
	"--create-file-mode", "--keepalive-time", "--local-port", "--etag-save", "--etag-compare",
	NULL};
static const char *const wget_longs[] = {"--output-document", "--output-file", "--append-output",
	"--directory-prefix", "--user-agent", "--header", "--post-data", "--post-file", "--tries",
	"--timeout", "--user", "--password", "--execute", "--input-file", "--wait", "--quota",
	"--limit-rate", "--load-cookies", "--save-cookies", "--referer", "--ca-certificate",
	"--http-user", "--http-password", "--connect-timeout", "--read-timeout", "--dns-timeout",
	"--accept", "--reject", "--domains", "--level", "--cut-dirs", "--progress", "--certificate",
	"--private-key", "--secure-protocol", "--waitretry", "--base", "--bind-address", "--method",
	"--body-data", "--ca-directory", "--prefer-family", "--retry-on-http-error", NULL};
static const char *const aria_longs[] = {"--out", "--dir", "--input-file", "--header",
	"--max-connection-per-server", "--split", "--checksum", "--max-tries", "--user-agent",
	"--max-concurrent-downloads", "--min-split-size", NULL};
static const char *const axel_longs[] = {"--output", "--num-connections", NULL};

static const struct fetcher fetchers[] = {
	{"curl curlie", {"AbcCdDeEFHKmoPQrtTuUwxXyYz", curl_longs}, "-o --output", "--output-dir",
		"-k --insecure --proxy-insecure", "-O --remote-name --remote-name-all", "--url",
		"-I --head", false},
	{"wget wget2", {"OoaeitTwQPDAURBl", wget_longs}, "-O --output-document",
		"-P --directory-prefix", "--no-check-certificate", NULL, NULL, "--spider", true,
		true},
	{"aria2c", {"odijskxm", aria_longs}, "-o --out", "-d --dir", "--check-certificate=false",
		NULL, NULL, NULL, true},
	{"axel", {"onSHU", axel_longs}, "-o --output", NULL, "-k --insecure", NULL, NULL, NULL,
		true},
	{"fetch", {"oTwBSN", NULL}, "-o", NULL, "--no-verify-peer", NULL, NULL, NULL, true},
	{"http https xh", {"oap", NULL}, "-o --output", NULL, "--verify=no", NULL, NULL, NULL,
		false},
	{"lynx w3m links elinks", {"", NULL}, NULL, NULL, NULL, NULL, NULL, NULL, false},
};

struct request {
	struct value urls[16];
	size_t url_count;
	struct str outputs[16];
	size_t output_count;
	struct str directory;
	bool insecure;
	bool remote;
	bool head;
	struct str config; /* -K FILE */
};

static void request_add(struct request *r, const struct fetcher *f, const struct opt *opt)
{
	bool plain = opt->name.n == 0;
	if (f->output && opt_is(opt, f->output) && r->output_count < countof(r->outputs))
		r->outputs[r->output_count++] = opt->text;
	else if (f->directory && opt_is(opt, f->directory))
		r->directory = opt->text;
	else if (f->insecure && opt_is(opt, f->insecure))
		r->insecure = true;
	else if (f->remote && opt_is(opt, f->remote))
		r->remote = true;
	else if (f->head && opt_is(opt, f->head))
		r->head = true;
	else if (f->output && str_is(str_from(f->names), "curl curlie") &&
		opt_is(opt, "-K --config"))
		r->config = opt->text;
	else if ((plain || (f->url && opt_is(opt, f->url))) && r->url_count < countof(r->urls))
		r->urls[r->url_count++] = opt->value;
}

static struct str request_dest(struct eval *e, const struct fetcher *f, const struct request *r,
	size_t i, const struct url *url)
{
	if (i < r->output_count) {
		struct str o = r->outputs[i];
		bool plain = o.p && str_is(o, "-");
		return !o.p || plain || (o.n > 0 && o.p[0] == '/') ? o : joined(e, r->directory, o);
	}
	if (r->output_count > 0 && f->to_file)
		return r->outputs[0];
	if (!f->to_file && !r->remote)
		return STR("-");
	struct str name = remote_name(e, url, &r->urls[i], f->query);
	return name.p ? joined(e, r->directory, name) : name;
}

/* file:// and the like bring nothing from the network. */
static bool local_file(struct eval *e, const struct url *u, struct str dest)
{
	if (!u->text.p || !str_is(u->scheme, "file"))
		return false;
	struct value v = guest_read(e, u->path);
	if (dest.p && str_is(dest, "-"))
		out_value(e, &v);
	return true;
}

/* curl's file of options: NAME, NAME = VALUE, NAME VALUE. */
static void read_config(struct eval *e, struct request *r)
{
	struct value content = guest_read(e, r->config);
	struct str rest = value_display(e, &content);
	struct str line;
	while (str_cut(&rest, '\n', &line) && charge(e, 2)) {
		line = str_trim(line);
		size_t n = 0;
		while (n < line.n && line.p[n] > ' ' && !strchr("=:", line.p[n]))
			n++;
		struct str name = str_sub(line, 0, n);
		struct str value = str_trim(str_from_index(line, n));
		while (value.n > 0 && value.p[0] && strchr("=: \"", value.p[0]))
			value = str_from_index(value, 1);
		if (str_has_suffix(value, STR("\"")))
			value.n--;
		while (name.n > 0 && name.p[0] == '-')
			name = str_from_index(name, 1);
		if (word_in(name, "insecure k"))
			r->insecure = true;
		else if (str_is(name, "url") && r->url_count < countof(r->urls))
			r->urls[r->url_count++] = value_text(e, value);
		else if (word_in(name, "output o") && r->output_count < countof(r->outputs))
			r->outputs[r->output_count++] = value;
	}
}

static int run_fetcher(struct eval *e, const struct command *c, struct outcome *out)
{
	struct str name = base_name(c->words[0]);
	const struct fetcher *f = NULL;
	for (size_t i = 0; i < countof(fetchers) && !f; i++)
		f = word_in(name, fetchers[i].names) ? &fetchers[i] : NULL;
	struct request *r = arena_new(e->scratch, struct request);
	struct opts o = opts_of(e, c, &f->spec);
	struct opt opt;
	*out = outcome_unknown();
	while (opts_next(&o, &opt))
		request_add(r, f, &opt);
	if (r->config.n > 0)
		read_config(e, r);
	r->insecure =
		r->insecure || has_word(c, "--check-certificate=off --check-certificate=false");
	if (r->head) {
		out_unknown(e, c, NULL);
		return 1;
	}
	for (size_t i = 0; i < r->url_count && charge(e, 8); i++) {
		if (value_empty(&r->urls[i]))
			continue;
		struct download d = {.tool = name, .insecure = r->insecure};
		d.url = url_parse(e, &r->urls[i]);
		d.dest = request_dest(e, f, r, i, &d.url);
		if (!local_file(e, &d.url, d.dest))
			deliver(e, c, &d, false);
	}
	/* What -w prints is no content. */
	if (e->out && r->output_count > 0 && has_word(c, "-w --write-out"))
		out_unknown(e, c, NULL);
	return 1;
}

/* ---- Copies between hosts ------------------------------------------------------------------- */

/* host:path or user@host:path, as ssh://host/path. */
static bool remote_path(struct eval *e, const struct value *v, struct value *url)
{
	struct str s = value_prefix(e, v);
	size_t colon = str_find_byte(s, ':');
	if (str_contains(s, STR("://"))) {
		*url = *v;
		return true;
	}
	if (colon == STR_NPOS || colon == 0 ||
		(str_find_byte(s, '/') != STR_NPOS && str_find_byte(s, '/') < colon))
		return false;
	struct str host = str_sub(s, 0, colon);
	struct str path = str_from_index(s, colon + 1);
	size_t at = str_rfind_byte(host, '@');
	if (at != STR_NPOS)
		host = str_from_index(host, at + 1);
	const char *slash = str_has_prefix(path, STR("/")) ? "" : "/";
	*url = value_text(e,
		arena_printf(e->scratch, "ssh://%.*s%s%.*s", STR_ARG(host), slash, STR_ARG(path)));
	return true;
}

static int run_copy(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--rsh", "--exclude", "--include", "--chmod", "--chown",
		"--password-file", "--rsync-path", "--files-from", NULL};
	bool rsync = word_in(base_name(c->words[0]), "rsync");
	struct optspec spec = {.shorts = rsync ? "eBTf" : "cFiJloPSDX", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct value operands[16];
	size_t n = 0;
	*out = outcome_unknown();
	while (opts_next(&o, &opt))
		if (opt.name.n == 0 && n < countof(operands))
			operands[n++] = opt.value;
	struct str dest = {0};
	if (n < 2)
		return 1;
	n--;
	bool known = value_const(e, &operands[n], &dest);
	for (size_t i = 0; i < n; i++) {
		struct value url;
		struct str source;
		if (remote_path(e, &operands[i], &url)) {
			struct download d = {.tool = base_name(c->words[0])};
			d.url = url_parse(e, &url);
			if (known && dest.n > 0 && (dest.p[dest.n - 1] == '/' || str_is(dest, ".")))
				d.dest = joined(e, dest, base_name(d.url.prefix));
			else
				d.dest = known ? dest : (struct str){0};
			d.insecure = has_word(c,
				"StrictHostKeyChecking=no "
				"-oStrictHostKeyChecking=no");
			deliver(e, c, &d, rsync);
		} else if (known && value_const(e, &operands[i], &source)) {
			const struct file *f = guest_find(e, source);
			if (f && str_find_byte(dest, ':') == STR_NPOS)
				guest_put(e,
					is_dir_name(dest) ? joined(e, dest, base_name(source))
							  : dest,
					f);
		}
	}
	return 1;
}

/* ---- git and other version control ---------------------------------------------------------- */

static bool is_commit(struct str s)
{
	if (s.n != 40 && s.n != 64)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("0123456789abcdefABCDEF", s.p[i], 22))
			return false;
	return true;
}

static struct str repository_name(struct eval *e, struct str url)
{
	while (url.n > 0 && url.p[url.n - 1] == '/')
		url.n--;
	struct str name = base_name(url);
	if (str_has_suffix(name, STR(".git")))
		name.n -= 4;
	return arena_str(e->scratch, name);
}

static bool git_insecure(struct eval *e, const struct command *c)
{
	const struct variable *v = variable_find(e, STR("GIT_SSL_NO_VERIFY"));
	struct str s;
	if (v && value_const(e, &v->value, &s) && !word_in(s, "0 false"))
		return true;
	for (size_t i = 1; i < c->argc; i++)
		if (c->words[i].p &&
			(str_eq_nocase(c->words[i], STR("http.sslVerify=false")) ||
				str_eq_nocase(c->words[i], STR("http.sslVerify=0"))))
			return true;
	return false;
}

struct git_words {
	struct str verb;
	struct str dir;
	struct value operands[8];
	size_t n;
	struct str branch;
};

static const char *const git_longs[] = {"--branch", "--depth", "--origin", "--reference",
	"--git-dir", "--work-tree", "--separate-git-dir", "--template", "--config", "--jobs",
	"--filter", "--shallow-since", NULL};

static struct git_words git_words_of(struct eval *e, const struct command *c)
{
	static const struct optspec spec = {.shorts = "Ccboju", .longs = git_longs};
	struct git_words g = {.dir = STR(".")};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	while (opts_next(&o, &opt)) {
		if (!g.verb.p && opt_is(&opt, "-C"))
			g.dir = opt.text;
		else if (g.verb.p && opt_is(&opt, "-b --branch"))
			g.branch = opt.text;
		else if (opt.name.n == 0 && !g.verb.p)
			g.verb = opt.text.p ? opt.text : STR("?");
		else if (opt.name.n == 0 && g.n < countof(g.operands))
			g.operands[g.n++] = opt.value;
	}
	return g;
}

static void git_clone(struct eval *e, const struct command *c, const struct git_words *g)
{
	struct value url;
	struct download d = {.tool = STR("git"), .insecure = git_insecure(e, c)};
	if (g->n == 0)
		return;
	if (!remote_path(e, &g->operands[0], &url))
		url = g->operands[0];
	d.url = url_parse(e, &url);
	d.ref = g->branch.p ? g->branch : STR("");
	struct str dir;
	if (g->n > 1)
		d.dest = value_const(e, &g->operands[1], &dir) ? dir : (struct str){0};
	else if (d.url.text.p)
		d.dest = joined(
			e, str_is(g->dir, ".") ? STR("") : g->dir, repository_name(e, d.url.text));
	deliver(e, c, &d, true);
}

/* Checking out a full commit id pins every byte of the work tree. */
static const struct credit *git_checkout(
	struct eval *e, const struct command *c, const struct git_words *g)
{
	struct str dir = g->dir.p ? joined(e, g->dir, STR("x")) : (struct str){0};
	const struct file *f = dir.p ? guest_find(e, dir) : NULL;
	struct str commit = {0};
	for (size_t i = 0; i < g->n; i++) {
		struct str ref;
		if (value_const(e, &g->operands[i], &ref) && is_commit(ref))
			commit = ref;
	}
	if (!f || !commit.p)
		return NULL;
	for (const struct taint *t = value_taint(e, &f->content); t; t = t->next) {
		fact_replace(e, t->source->fact, "pinned", hcl_bool(true));
		fact_replace(e, t->source->fact, "ref", hcl_string(commit));
	}
	struct checked k = {
		guest_shown(e, guest_path(e, g->dir)), value_taint(e, &f->content), "git", ""};
	return check_made(e, c, &k, NULL);
}

static struct str remote_key(struct eval *e, const struct git_words *g, struct str name)
{
	struct str dir = g->dir.p ? guest_path(e, g->dir) : STR("?");
	return arena_printf(e->scratch, "git remote %.*s %.*s", STR_ARG(name), STR_ARG(dir));
}

/* git remote add|set-url NAME URL */
static void git_remote(struct eval *e, const struct git_words *g)
{
	struct str verb;
	struct str name;
	if (g->n == 3 && value_const(e, &g->operands[0], &verb) && word_in(verb, "add set-url") &&
		value_const(e, &g->operands[1], &name))
		variable_set(e, remote_key(e, g, name), &g->operands[2], false);
}

static void git_pull(struct eval *e, const struct command *c, const struct git_words *g)
{
	struct download d = {.tool = STR("git"), .insecure = git_insecure(e, c), .dest = g->dir};
	struct value url;
	struct str name = STR("origin");
	for (size_t i = 0; i < g->n; i++) {
		struct str ref;
		bool known = value_const(e, &g->operands[i], &ref);
		if (i == 0 && known)
			name = ref;
		/* What a full commit id names cannot change. */
		if (i > 0 && known && is_commit(ref) && str_is(g->verb, "fetch")) {
			d.pinned = g->n == 2;
			d.ref = ref;
		}
	}
	const struct variable *remote = variable_find(e, remote_key(e, g, name));
	if (remote)
		d.url = url_parse(e, &remote->value);
	else if (g->n > 0 && remote_path(e, &g->operands[0], &url))
		d.url = url_parse(e, &url);
	else {
		const struct file *f = guest_find(e, joined(e, g->dir, STR("x")));
		const struct taint *t = f ? value_taint(e, &f->content) : NULL;
		if (t)
			d.url = t->source->url;
	}
	if (!d.url.prefix.p)
		d.url.prefix = STR("");
	deliver(e, c, &d, true);
}

static int run_git(struct eval *e, const struct command *c, struct outcome *out)
{
	struct git_words g = git_words_of(e, c);
	*out = outcome_unknown();
	if (!g.verb.p)
		return 1;
	if (str_is(g.verb, "clone"))
		git_clone(e, c, &g);
	else if (word_in(g.verb, "pull fetch"))
		git_pull(e, c, &g);
	else if (str_is(g.verb, "remote"))
		git_remote(e, &g);
	else if (word_in(g.verb, "checkout reset switch"))
		out->when[1] = git_checkout(e, c, &g);
	else if (word_in(g.verb, "verify-commit verify-tag")) {
		const struct file *f = guest_find(e, joined(e, g.dir, STR("x")));
		struct checked k = {guest_shown(e, guest_path(e, g.dir.p ? g.dir : STR("."))),
			f ? value_taint(e, &f->content) : NULL, "git", keyring_reason(e)};
		out->when[1] = check_made(e, c, &k, NULL);
	} else {
		out_unknown(e, c, NULL);
	}
	return 1;
}

static int run_svn(struct eval *e, const struct command *c, struct outcome *out)
{
	struct git_words g = git_words_of(e, c);
	*out = outcome_unknown();
	if (g.verb.p && word_in(g.verb, "checkout co export clone"))
		git_clone(e, c, &g);
	return 1;
}

/* ---- Object stores -------------------------------------------------------------------------- */

static bool is_store(struct str s)
{
	return str_has_prefix(s, STR("s3://")) || str_has_prefix(s, STR("gs://")) ||
		str_has_prefix(s, STR("oss://")) || str_has_prefix(s, STR("https://")) ||
		str_has_prefix(s, STR("cos://")) || str_has_prefix(s, STR("r2://"));
}

/* The first operand that is a store's address, and the one behind it. */
static int run_store(struct eval *e, const struct command *c, struct outcome *out)
{
	static const char *const longs[] = {"--region", "--profile", "--endpoint-url", "--file",
		"--container-name", "--name", "--account-name", "--exclude", "--include", NULL};
	static const struct optspec spec = {.shorts = "fnciek", .longs = longs};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct value url = {0};
	struct download d = {.tool = base_name(c->words[0])};
	bool tree = has_word(c, "--recursive sync -r rsync");
	*out = outcome_unknown();
	while (opts_next(&o, &opt)) {
		struct str s = value_prefix(e, &opt.value);
		if (opt_is(&opt, "-f --file"))
			d.dest = opt.text;
		if (opt.name.n != 0)
			continue;
		if (url.n == 0 && is_store(s))
			url = opt.value;
		else if (url.n > 0 && !d.dest.p && !is_store(s))
			d.dest = opt.text;
		else if (url.n == 0 && !word_in(s, "s3 cp sync storage blob download mv rsync cat"))
			if (!word_in(base_name(c->words[0]), "az"))
				break;
	}
	/* gsutil cat, mc cat, rclone cat */
	if (url.n > 0 && !d.dest.p && has_word(c, "cat"))
		d.dest = STR("-");
	bool az = word_is(c, 0, "az") && has_word(c, "download");
	if ((url.n == 0 && !az) || (url.n > 0 && !d.dest.p)) {
		out_unknown(e, c, NULL);
		return 1;
	}
	if (url.n > 0)
		d.url = url_parse(e, &url);
	else
		d.url.prefix = STR("");
	if (d.dest.p && is_dir_name(d.dest) && d.url.text.p)
		d.dest = joined(e, d.dest, base_name(d.url.text));
	deliver(e, c, &d, tree);
	return 1;
}

/* ---- Sockets -------------------------------------------------------------------------------- */

void socket_output(struct eval *e, const struct command *c, struct str peer)
{
	struct download d = {.tool = base_name(c->words[0]), .dest = STR("-")};
	struct value url = peer.p
		? value_text(e, arena_printf(e->scratch, "tcp://%.*s", STR_ARG(peer)))
		: value_unknown(e, STR("…"), NULL);
	d.url = url_parse(e, &url);
	deliver(e, c, &d, false);
}

/* nc HOST PORT, telnet, socat - TCP:HOST:PORT, openssl s_client: what comes is on stdout. */
static int run_socket(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "eciopqswxXGgmM"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str host = {0};
	struct str port = {0};
	*out = outcome_unknown();
	bool listens = has_word(c, "-l -lp -nlvp -lvp -lnvp -z -zv -vz -lk");
	while (opts_next(&o, &opt)) {
		if (opt.name.n != 0 || !opt.text.p)
			continue;
		if (!host.p)
			host = opt.text;
		else if (!port.p)
			port = opt.text;
	}
	struct str name = base_name(c->words[0]);
	if (word_in(name, "socat") && host.p && port.p) {
		struct str peer = str_find_byte(host, ':') == STR_NPOS ? port : host;
		size_t colon = str_find_byte(peer, ':');
		host = colon == STR_NPOS ? peer : str_from_index(peer, colon + 1);
		port = STR("");
	}
	if (listens || !host.p)
		return 1;
	socket_output(e, c,
		arena_printf(
			e->scratch, "%.*s%s%.*s", STR_ARG(host), port.n ? ":" : "", STR_ARG(port)));
	return 1;
}

/* tftp -g -r NAME -l FILE HOST, as busybox has it. */
static void run_tftp(struct eval *e, const struct command *c)
{
	static const struct optspec spec = {.shorts = "lrbm"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct str remote = {0};
	struct str host = {0};
	struct download d = {.tool = STR("tftp")};
	while (opts_next(&o, &opt)) {
		if (opt_is(&opt, "-l"))
			d.dest = opt.text;
		else if (opt_is(&opt, "-r"))
			remote = opt.text;
		else if (opt.name.n == 0 && !host.p)
			host = opt.text;
	}
	if (!d.dest.p)
		d.dest = remote;
	struct value url = value_unknown(e, STR("tftp://…"), NULL);
	if (host.p && remote.p)
		url = value_text(e,
			arena_printf(
				e->scratch, "tftp://%.*s/%.*s", STR_ARG(host), STR_ARG(remote)));
	d.url = url_parse(e, &url);
	deliver(e, c, &d, false);
}

static int run_ftp(struct eval *e, const struct command *c, struct outcome *out)
{
	static const struct optspec spec = {.shorts = "BbcDFiJlmoPRSseup"};
	struct opts o = opts_of(e, c, &spec);
	struct opt opt;
	struct download d = {.tool = base_name(c->words[0])};
	struct value url = {0};
	*out = outcome_unknown();
	if (word_is(c, 0, "tftp") && has_word(c, "-p"))
		return 1;
	if (word_is(c, 0, "tftp") && has_word(c, "-g")) {
		run_tftp(e, c);
		return 1;
	}
	while (url.n == 0 && opts_next(&o, &opt))
		if (opt.name.n == 0)
			url = opt.value;
	if (url.n == 0)
		return 1;
	d.url = url_parse(e, &url);
	if (str_is(d.url.scheme, "http") && !str_has_prefix(d.url.prefix, STR("http")))
		d.url.scheme = word_is(c, 0, "sftp") ? STR("sftp") : STR("ftp");
	d.dest = remote_name(e, &d.url, &url, false);
	deliver(e, c, &d, false);
	return 1;
}

const struct command_entry commands_network[] = {
	{"curl curlie wget wget2 aria2c axel fetch http https xh lynx w3m links elinks",
		run_fetcher},
	{"scp rsync", run_copy},
	{"git", run_git},
	{"svn hg", run_svn},
	{"aws gsutil gcloud az ossutil ossutil64 coscli s3cmd mc rclone azcopy", run_store},
	{"nc ncat netcat telnet socat", run_socket},
	{"ftp tftp lftp sftp", run_ftp},
	{0},
};
