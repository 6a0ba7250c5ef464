#include "builders/rootfs.h"

#define IMAGE_NAME_MAX 128
#define HOSTNAME_MAX 63
#define DISK_MIN (UINT64_C(8) << 20)
#define DISK_MAX (UINT64_C(1) << 44)

const struct conf_field rootfs_fields[] = {
	{"base", CONF_KIND_STR, offsetof(struct rootfs_config, base)},
	{"base_checksum", CONF_KIND_STR, offsetof(struct rootfs_config, base_checksum)},
	{"suite", CONF_KIND_STR, offsetof(struct rootfs_config, suite)},
	{"mirror", CONF_KIND_STR_LIST, offsetof(struct rootfs_config, mirror)},
	{"components", CONF_KIND_STR_LIST, offsetof(struct rootfs_config, components)},
	{"variant", CONF_KIND_STR, offsetof(struct rootfs_config, variant)},
	{"include", CONF_KIND_STR_LIST, offsetof(struct rootfs_config, include)},
	{"formats", CONF_KIND_STR_LIST, offsetof(struct rootfs_config, formats)},
	{"disk_size", CONF_KIND_STR, offsetof(struct rootfs_config, disk_size)},
	{"network", CONF_KIND_STR, offsetof(struct rootfs_config, network)},
	{"image_name", CONF_KIND_STR, offsetof(struct rootfs_config, image_name)},
	{"tag", CONF_KIND_STR, offsetof(struct rootfs_config, tag)},
	{"hostname", CONF_KIND_STR, offsetof(struct rootfs_config, hostname)},
	{"env", CONF_KIND_TEXT_MAP, offsetof(struct rootfs_config, env)},
	{"labels", CONF_KIND_TEXT_MAP, offsetof(struct rootfs_config, labels)},
	{"entrypoint", CONF_KIND_STR_LIST, offsetof(struct rootfs_config, entrypoint)},
	{"cmd", CONF_KIND_STR_LIST, offsetof(struct rootfs_config, cmd)},
	{"user", CONF_KIND_STR, offsetof(struct rootfs_config, user)},
	{"workdir", CONF_KIND_STR, offsetof(struct rootfs_config, workdir)},
	{0},
};

static const struct {
	const char *name;
	enum rootfs_format format;
} format_names[] = {
	{"oci", ROOTFS_OCI},
	{"tar", ROOTFS_TAR},
	{"raw", ROOTFS_RAW},
};

/* The variants of mmdebstrap(1). */
static const char *const variants[] = {"extract", "custom", "essential", "apt", "required",
	"minbase", "buildd", "important", "debootstrap", "-", "standard"};

static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* Letters and digits, and those of `others` except in the first place. */
static bool is_name(struct str s, const char *others, size_t max)
{
	if (s.n == 0 || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\0' && strchr(name_bytes, s.p[i]))
			continue;
		if (i == 0 || s.p[i] == '\0' || !strchr(others, s.p[i]))
			return false;
	}
	return true;
}

/* Where a key's value stands, for messages. */
static const struct origin *place(const struct conf *config, const char *key)
{
	const struct conf *value = conf_find(config, str_from(key));
	return value ? &value->origin : &config->origin;
}

struct check {
	const struct conf *config;
	struct diags *d;
	struct arena *a;
	int status;
};

static void wrong(struct check *c, const char *key, const char *text, struct str value)
{
	c->status = diag_error(c->d, c->a, place(c->config, key),
		"builder rootfs: \"%s\": %s%s%.*s%s", key, text, value.n > 0 ? ", not \"" : "",
		STR_ARG(value), value.n > 0 ? "\"" : "");
}

static void need_name(struct check *c, const char *key, struct str value, const char *others,
	size_t max, const char *text)
{
	if (value.n > 0 && !is_name(value, others, max))
		wrong(c, key, text, value);
}

static void check_base(struct check *c, const struct rootfs_config *r)
{
	if ((r->base.n > 0) == (r->suite.n > 0)) {
		c->status = diag_error(c->d, c->a, &c->config->origin,
			"builder rootfs: either \"base\" or \"suite\" is required, and not both");
	}
	if (r->base_checksum.n > 0) {
		struct digest ignored;
		struct str hex = str_from_index(r->base_checksum, 7);
		if (!str_has_prefix(r->base_checksum, STR("sha256:")) ||
			!digest_parse(&ignored, hex))
			wrong(c, "base_checksum", "takes \"sha256:\" and 64 hexadecimal digits",
				r->base_checksum);
	} else if (r->base.n > 0) {
		diag_warning(c->d, c->a, place(c->config, "base"),
			"builder rootfs: \"base\" is taken as it is found; pin it with "
			"\"base_checksum\"");
	}
	need_name(c, "suite", r->suite, "-+.", 64, "takes the name of a release");
	bool known = r->variant.n == 0;
	for (size_t i = 0; i < countof(variants); i++)
		known = known || str_is(r->variant, variants[i]);
	if (!known)
		wrong(c, "variant", "takes a variant of mmdebstrap", r->variant);
	for (size_t i = 0; i < r->include.n; i++)
		need_name(c, "include", r->include.items[i], "+-.:=~_", 256,
			"takes names of packages");
	for (size_t i = 0; i < r->components.n; i++)
		need_name(c, "components", r->components.items[i], "-/", 64,
			"takes names of components");
	for (size_t i = 0; i < r->mirror.n; i++) {
		struct str mirror = r->mirror.items[i];
		if (mirror.n == 0 || !str_is_cstr(mirror) || mirror.p[0] == '-')
			wrong(c, "mirror", "takes addresses or lines of sources.list(5)", mirror);
	}
}

static void check_formats(
	struct check *c, const struct rootfs_config *r, struct rootfs_settings *settings)
{
	for (size_t i = 0; i < r->formats.n; i++) {
		unsigned format = 0;
		for (size_t k = 0; k < countof(format_names); k++) {
			if (str_is(r->formats.items[i], format_names[k].name))
				format = format_names[k].format;
		}
		if (format == 0)
			wrong(c, "formats", "takes \"oci\", \"tar\" and \"raw\"",
				r->formats.items[i]);
		settings->formats |= format;
	}
	if (r->formats.n == 0)
		settings->formats = ROOTFS_OCI;
}

/* A number of bytes with an optional K, M, G or T (powers of 1024). */
static bool parse_size(struct str s, uint64_t *out)
{
	static const char units[] = "KMGT";
	unsigned shift = 0;
	if (s.n > 1 && strchr(units, s.p[s.n - 1])) {
		shift = 10 * (unsigned)(strchr(units, s.p[s.n - 1]) - units + 1);
		s.n--;
	}
	uint64_t value = 0;
	if (!str_to_u64(s, &value) || value > DISK_MAX >> shift)
		return false;
	*out = value << shift;
	return *out >= DISK_MIN;
}

static void check_rest(
	struct check *c, const struct rootfs_config *r, struct rootfs_settings *settings)
{
	if (r->disk_size.n > 0 && !parse_size(r->disk_size, &settings->disk_bytes))
		wrong(c, "disk_size", "takes a size from 8M to 16T, such as \"2G\"", r->disk_size);
	settings->no_network = str_is(r->network, "none");
	if (r->network.n > 0 && !settings->no_network && !str_is(r->network, "host"))
		wrong(c, "network", "takes \"host\" or \"none\"", r->network);
	need_name(c, "image_name", r->image_name, "._-", IMAGE_NAME_MAX,
		"takes letters, digits, '.', '_' and '-'");
	need_name(
		c, "tag", r->tag, "._-", IMAGE_NAME_MAX, "takes letters, digits, '.', '_' and '-'");
	need_name(c, "hostname", r->hostname, "-.", HOSTNAME_MAX, "takes a host name");
	if (r->workdir.n > 0 && r->workdir.p[0] != '/')
		wrong(c, "workdir", "takes an absolute path", r->workdir);
	for (size_t i = 0; i < r->env.n; i++) {
		if (!is_name(r->env.keys[i], "_", 256) && !str_has_prefix(r->env.keys[i], STR("_")))
			wrong(c, "env", "takes names of variables", r->env.keys[i]);
		if (!text_is_literal(&r->env.values[i]))
			wrong(c, "env",
				"goes into the image: it takes neither sensitive values "
				"nor values of run time",
				r->env.keys[i]);
	}
	for (size_t i = 0; i < r->labels.n; i++) {
		if (!text_is_literal(&r->labels.values[i]))
			wrong(c, "labels",
				"goes into the image: it takes neither sensitive values "
				"nor values of run time",
				r->labels.keys[i]);
	}
}

/* What makes a name of the build's: "amazon-ebs.web 1" to "amazon-ebs.web-1". */
static struct str default_name(struct arena *a, struct str build)
{
	char *name = arena_cstr(a, str_sub(build, 0, IMAGE_NAME_MAX));
	for (char *p = name; *p; p++) {
		if (!strchr(name_bytes, *p) && (p == name || !strchr("._-", *p)))
			*p = '-';
	}
	return *name == '-' || *name == '\0' ? STR("image") : str_from(name);
}

static void set_default(struct str *value, struct str otherwise)
{
	if (value->n == 0)
		*value = otherwise;
}

int rootfs_decode(struct rootfs_config *out, struct rootfs_settings *settings,
	const struct conf *config, struct str build, struct diags *d, struct arena *a)
{
	struct rootfs_config r = {0};
	struct rootfs_settings s = {0};
	if (conf_decode(&r, config, rootfs_fields, "builder rootfs", d, a) != 0)
		return -1;
	struct check c = {config, d, a, 0};
	check_base(&c, &r);
	check_formats(&c, &r, &s);
	check_rest(&c, &r, &s);
	set_default(&r.variant, STR("minbase"));
	set_default(&r.image_name, default_name(a, build));
	set_default(&r.tag, STR("latest"));
	set_default(&r.hostname, STR("localhost"));
	*out = r;
	*settings = s;
	return c.status;
}
