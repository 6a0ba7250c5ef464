/*
 * vagrant: a box. Boxes of container providers hold what our builders make; of others only what
 * `artifice` brings, because no builder here makes a disk that boots.
 */
#include "builders/post/post.h"

#include <errno.h>
#include <sys/utsname.h>

#include "base/file.h"

#define TEMPLATE_MAX ((size_t)1 << 20)
#define OVF_MAX ((size_t)4 << 20)

struct vagrant_config {
	int64_t compression_level;
	struct str_list include;
	struct text output;
	const struct conf *override;
	struct str vagrantfile_template;
	bool vagrantfile_template_generated;
	struct str provider_override;
	struct str architecture;
};

#define FIELD(member, kind) CONF_KIND_##kind, offsetof(struct vagrant_config, member)

static const struct conf_field fields[] = {
	{"compression_level", FIELD(compression_level, INT), 0, NULL},
	{"include", FIELD(include, STR_LIST), 0, NULL},
	{"output", FIELD(output, TEXT), 0, NULL},
	{"override", FIELD(override, RAW), 0, NULL},
	{"vagrantfile_template", FIELD(vagrantfile_template, STR), 0, NULL},
	{"vagrantfile_template_generated", FIELD(vagrantfile_template_generated, BOOL), 0, NULL},
	{"provider_override", FIELD(provider_override, STR), 0, NULL},
	{"architecture", FIELD(architecture, STR), 0, NULL},
	{0},
};

static void defaults(void *config, struct arena *a)
{
	struct vagrant_config *c = config;
	(void)a;
	c->compression_level = -1;
}

static struct text output(const void *config, struct arena *a)
{
	const struct vagrant_config *c = config;
	if (c->output.n > 0)
		return c->output;
	return text_from(a, STR("packer_{{.BuildName}}_{{.Provider}}_{{.Architecture}}.box"));
}

/* ---- A box that grows ----------------------------------------------------------------------- */

struct box_entry {
	struct str name;
	struct str bytes; /* when fd is -1 */
	int fd;
};

struct box {
	struct post *p;
	const struct vagrant_config *config;
	const struct post_artifact *in;
	const struct provider *provider;
	struct json *metadata;
	struct str vagrantfile; /* the provider's part */
	struct {
		struct box_entry *items;
		size_t n;
		size_t cap;
	} entries;
};

static void box_clear(struct box *b)
{
	for (size_t i = 0; i < b->entries.n; i++) {
		if (b->entries.items[i].fd >= 0)
			close(b->entries.items[i].fd);
	}
	b->entries.n = 0;
}

static bool box_has(const struct box *b, const char *name)
{
	for (size_t i = 0; i < b->entries.n; i++) {
		if (str_is(b->entries.items[i].name, name))
			return true;
	}
	return false;
}

/* Takes the descriptor. */
static void box_add(struct box *b, struct str name, int fd)
{
	list_push(b->p->arena, &b->entries) = (struct box_entry){.name = name, .fd = fd};
}

static void box_add_bytes(struct box *b, const char *name, struct str bytes)
{
	list_push(b->p->arena, &b->entries) =
		(struct box_entry){.name = str_from(name), .bytes = bytes, .fd = -1};
}

static int add_as(struct box *b, const struct post_file *f, const char *name, struct error *err)
{
	int fd = post_open(f, err);
	if (fd < 0)
		return -1;
	log_say(&b->p->say, LOG_INFO, "Copying from artifact: %s", f->path.p);
	box_add(b, str_from(name), fd);
	return 0;
}

static int add_all(struct box *b, struct error *err)
{
	for (size_t i = 0; i < b->in->files.n; i++) {
		const struct post_file *f = &b->in->files.items[i];
		struct str base = path_base(f->path);
		if (box_has(b, arena_cstr(b->p->arena, base)))
			return error_set(err, ERROR_INPUT,
				"two files of the box would be called %.*s", STR_ARG(base));
		if (add_as(b, f, arena_cstr(b->p->arena, base), err) != 0)
			return -1;
	}
	return 0;
}

static void set_metadata(struct box *b, const char *key, const char *value)
{
	json_set(b->p->arena, b->metadata, key, json_cstr(b->p->arena, value));
}

/* ---- Providers ------------------------------------------------------------------------------ */

struct provider {
	const char *name;
	int (*fill)(struct box *b, struct error *err); /* NULL: needs what only its builder makes */
};

/* A file that is gone when it is closed. */
static int open_scratch(struct post *p, struct error *err)
{
	struct str path =
		arena_printf(p->arena, "%s/%s.scratch", p->run->o->work_dir, p->run->run_id);
	int fd = open(path.p, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, "%s", path.p);
	(void)unlink(path.p);
	return fd;
}

static int add_rootfs(struct box *b, const struct post_file *f, struct error *err)
{
	__attribute__((cleanup(post_archive_clear))) struct post_archive archive = {0};
	const struct post_shape gzip = {.filter = POST_GZIP};
	autoclose int from = post_open(f, err);
	autoclose int scratch = from < 0 ? -1 : open_scratch(b->p, err);
	if (scratch < 0)
		return -1;
	log_say(&b->p->say, LOG_INFO, "Compressing: %s", f->path.p);
	if (post_archive_open(&archive, b->p, scratch, &gzip, err) != 0 ||
		post_archive_add(&archive, STR("rootfs.tar"), from, err) != 0 ||
		post_archive_finish(&archive, err) != 0)
		return -1;
	box_add(b, STR("rootfs.tar.gz"), steal_fd(&scratch));
	return 0;
}

/* vagrant-lxc unpacks rootfs.tar.gz; our tar has no directory around the tree. */
static int fill_lxc(struct box *b, struct error *err)
{
	static const char *const parts[] = {
		"rootfs.tar.gz", "lxc-config", "lxc-template", "lxc.conf"};
	const struct post_file *tar = NULL;
	for (size_t i = 0; i < b->in->files.n; i++) {
		const struct post_file *f = &b->in->files.items[i];
		for (size_t k = 0; k < countof(parts); k++) {
			if (str_is(path_base(f->path), parts[k]) &&
				add_as(b, f, parts[k], err) != 0)
				return -1;
		}
		if (!tar && str_has_suffix(f->path, STR(".tar")))
			tar = f;
	}
	set_metadata(b, "version", "1.0.0");
	if (box_has(b, "rootfs.tar.gz"))
		return 0;
	if (!tar)
		return error_set(err, ERROR_INPUT,
			"a box for lxc holds a tar: \"formats\" of the builder needs \"tar\"");
	struct json *options = json_object(b->p->arena);
	json_set(b->p->arena, options, "--strip-components", json_cstr(b->p->arena, "0"));
	json_set(b->p->arena, b->metadata, "template-opts", options);
	return add_rootfs(b, tar, err);
}

static int fill_docker(struct box *b, struct error *err)
{
	scoped(buf) quoted = {0};
	if (b->in->id.n == 0)
		return error_set(err, ERROR_INPUT, "the artifact has no name for docker");
	json_write_string(&quoted, b->in->id);
	b->vagrantfile = arena_printf(b->p->arena,
		"Vagrant.configure(\"2\") do |config|\n"
		"  config.vm.provider :docker do |docker, override|\n"
		"    docker.image = %.*s\n"
		"  end\n"
		"end\n",
		STR_ARG(buf_str(&quoted)));
	return 0;
}

static int fill_file(struct box *b, struct error *err)
{
	return add_all(b, err);
}

/* Vagrant wants box.ovf, and the address of the card that it names. */
static int fill_virtualbox(struct box *b, struct error *err)
{
	scoped(buf) ovf = {0};
	struct box_entry *found = NULL;
	if (add_all(b, err) != 0)
		return -1;
	for (size_t i = 0; i < b->entries.n; i++) {
		if (!str_has_suffix(b->entries.items[i].name, STR(".ovf")))
			continue;
		if (found)
			return error_set(err, ERROR_INPUT, "more than one OVF file");
		found = &b->entries.items[i];
	}
	if (!found)
		return error_set(err, ERROR_INPUT, "the artifact has no OVF file");
	found->name = STR("box.ovf");
	if (file_read_fd(&ovf, found->fd, OVF_MAX, err) != 0)
		return -1;
	struct str text = buf_str(&ovf), key = STR("MACAddress=\"");
	size_t at = str_find(text, STR("<Adapter slot=\"0\""));
	size_t mac = at == STR_NPOS ? STR_NPOS : str_find(str_from_index(text, at), key);
	if (mac == STR_NPOS)
		return error_set(err, ERROR_INPUT, "the OVF file has no address of a card");
	struct str rest = str_from_index(text, at + mac + key.n);
	struct str address = str_sub(rest, 0, str_find_byte(rest, '"'));
	for (size_t i = 0; i < address.n; i++) {
		if (!strchr("0123456789abcdefABCDEF", address.p[i]) || address.n > 12)
			return error_set(err, ERROR_INPUT, "the OVF file has a wrong address");
	}
	b->vagrantfile = arena_printf(b->p->arena,
		"Vagrant.configure(\"2\") do |config|\n"
		"  config.vm.base_mac = \"%.*s\"\n"
		"end\n",
		STR_ARG(address));
	return 0;
}

static bool is_qcow2(int fd)
{
	char magic[4] = {0};
	return pread(fd, magic, sizeof(magic), 0) == 4 && memcmp(magic, "QFI\xfb", 4) == 0;
}

static int fill_libvirt(struct box *b, struct error *err)
{
	struct arena *a = b->p->arena;
	struct json *disks = json_set(a, b->metadata, "disks", json_array(a));
	for (size_t i = 0; i < b->in->files.n; i++) {
		const struct post_file *f = &b->in->files.items[i];
		autoclose int fd = post_open(f, err);
		if (fd < 0)
			return -1;
		if (!is_qcow2(fd))
			continue;
		struct str name = arena_printf(a, "box_%zu.img", disks->array.n);
		struct json *disk = json_append(a, disks, json_object(a));
		json_set(a, disk, "format", json_cstr(a, "qcow2"));
		json_set(a, disk, "path", json_string(a, name));
		log_say(&b->p->say, LOG_INFO, "Copying from artifact: %s", f->path.p);
		box_add(b, name, steal_fd(&fd));
	}
	if (disks->array.n == 0)
		return error_set(err, ERROR_INPUT,
			"a box for libvirt holds disks in the format qcow2, and there is none");
	b->vagrantfile = STR("Vagrant.configure(\"2\") do |config|\n"
			     "  config.vm.provider :libvirt do |libvirt|\n"
			     "    libvirt.driver = \"kvm\"\n"
			     "  end\n"
			     "end\n");
	return 0;
}

static const struct provider providers[] = {
	{"lxc", fill_lxc},
	{"docker", fill_docker},
	{"libvirt", fill_libvirt},
	{"virtualbox", fill_virtualbox},
	{"file", fill_file},
	{"aws", NULL},
	{"azure", NULL},
	{"digitalocean", NULL},
	{"google", NULL},
	{"hyperv", NULL},
	{"parallels", NULL},
	{"scaleway", NULL},
	{"vmware", NULL},
};

static const struct provider *find_provider(struct str name)
{
	for (size_t i = 0; i < countof(providers); i++) {
		if (str_is(name, providers[i].name))
			return &providers[i];
	}
	return NULL;
}

static int refuse_provider(struct str name, struct error *err)
{
	return error_set(err, ERROR_INPUT, "a box for %.*s needs a disk that no builder here makes",
		STR_ARG(name));
}

static bool has_tar(const struct post_artifact *in)
{
	for (size_t i = 0; i < in->files.n; i++) {
		if (str_has_suffix(in->files.items[i].path, STR(".tar")))
			return true;
	}
	return false;
}

static int choose_provider(struct box *b, struct error *err)
{
	struct str name = b->config->provider_override;
	bool ours = str_is(b->in->builder_id, "sealwright.rootfs");
	if (name.n == 0 && b->in->tags.n > 0)
		name = STR("docker");
	if (name.n == 0 && ours && has_tar(b->in))
		name = STR("lxc");
	if (name.n == 0 && ours && b->in->layout.n > 0)
		name = STR("docker");
	if (name.n == 0)
		return error_set(err, ERROR_INPUT,
			"there is no box for such an artifact (%.*s): a tar makes one for lxc, an "
			"OCI image one for docker; for files of artifice set "
			"\"provider_override\"",
			STR_ARG(b->in->builder_id));
	b->provider = find_provider(name);
	if (!b->provider || !b->provider->fill)
		return refuse_provider(name, err);
	return 0;
}

static int needs(const void *config, const struct plan *plan, struct error *err)
{
	const struct vagrant_config *c = config;
	struct str name = c->provider_override;
	const struct provider *p = find_provider(name);
	if (name.n > 0 && (!p || !p->fill))
		return refuse_provider(name, err);
	bool tar = post_has_format(plan, "tar");
	if (str_is(name, "libvirt") || str_is(name, "virtualbox"))
		return refuse_provider(name, err);
	if (tar || (!str_is(name, "lxc") && post_has_format(plan, "oci")))
		return 0;
	return error_set(err, ERROR_INPUT,
		"there is no box for such an image: \"formats\" of the builder needs \"tar\" for "
		"lxc, or \"oci\" for docker");
}

/* ---- Configuration -------------------------------------------------------------------------- */

/* The configuration with what `override` has for a provider in its place. */
static const struct conf *merge(const struct conf *base, const struct conf *more, struct arena *a)
{
	struct conf *out = arena_new(a, struct conf);
	*out = *base;
	out->object.items = NULL;
	out->object.n = out->object.cap = 0;
	for (size_t i = 0; i < base->object.n; i++) {
		if (!conf_find(more, base->object.items[i].key))
			list_push(a, &out->object) = base->object.items[i];
	}
	for (size_t i = 0; i < more->object.n; i++)
		list_push(a, &out->object) = more->object.items[i];
	return out;
}

static int check_override(
	const struct conf *override, const struct conf *from, struct diags *d, struct arena *a)
{
	int status = 0;
	if (override->type != CONF_OBJECT)
		return diag_error(d, a, &override->origin,
			"post-processor vagrant: \"override\" has an object per provider");
	for (size_t i = 0; i < override->object.n; i++) {
		const struct conf_member *m = &override->object.items[i];
		struct vagrant_config ignored = {0};
		if (m->value->type != CONF_OBJECT) {
			status |= diag_error(d, a, &m->value->origin,
				"post-processor vagrant: \"override\" has an object per provider");
			continue;
		}
		status |= conf_decode(
			&ignored, merge(from, m->value, a), fields, "post-processor vagrant", d, a);
	}
	return status;
}

static int check(const void *config, const struct conf *from, struct diags *d, struct arena *a)
{
	const struct vagrant_config *c = config;
	const char *names[countof(providers)];
	for (size_t i = 0; i < countof(providers); i++)
		names[i] = providers[i].name;
	const struct conf *name = conf_find(from, STR("provider_override"));
	if (c->provider_override.n > 0 && !find_provider(c->provider_override)) {
		diag_error(d, a, name ? &name->origin : &from->origin,
			"post-processor vagrant: no provider \"%.*s\"",
			STR_ARG(c->provider_override));
		const char *near = conf_nearest(c->provider_override, names, countof(names));
		if (near)
			diag_hint(d, a, "did you mean \"%s\"?", near);
		return -1;
	}
	if (c->compression_level < -1 || c->compression_level > 9)
		return diag_error(d, a, &from->origin,
			"post-processor vagrant: \"compression_level\" goes from -1 to 9");
	return c->override ? check_override(c->override, from, d, a) : 0;
}

/* ---- The Vagrantfile ------------------------------------------------------------------------ */

/* The plan has it among what the builder delivers. */
static const struct step *vagrantfile_step(const struct box *b, const struct conf *from)
{
	const struct conf *value = conf_find(from, STR("vagrantfile_template"));
	const struct plan *plan = b->p->run->o->plan;
	for (size_t i = 0; value && i < plan->steps.n; i++) {
		const struct step *s = &plan->steps.items[i];
		if (s->type == STEP_BOOT && str_is(s->boot.what, "vagrantfile_template") &&
			s->origin.span.off == value->origin.span.off &&
			str_eq(s->origin.file, value->origin.file))
			return s;
	}
	return NULL;
}

/* The template's part: bytes of the commit, or of a file that the build made. */
static int custom_text(struct text *out, struct box *b, const struct conf *from, struct error *err)
{
	scoped(buf) text = {0};
	struct arena *a = b->p->arena;
	struct str clean = {0};
	const struct step *s = vagrantfile_step(b, from);
	struct str path = b->config->vagrantfile_template;
	if (s && !b->config->vagrantfile_template_generated) {
		*out = s->boot.content;
		return 0;
	}
	if (path.n == 0)
		return 0;
	if (path.p[0] == '/' || !path_join(a, STR(""), path, &clean))
		return error_set(
			err, ERROR_INPUT, "\"%.*s\" is not below this directory", STR_ARG(path));
	struct str made = arena_printf(a, "%s/%.*s", b->p->run->o->output_dir, STR_ARG(clean));
	if (access(made.p, F_OK) != 0)
		made = arena_str(a, clean);
	if (file_read(&text, AT_FDCWD, made.p, TEMPLATE_MAX, err) != 0)
		return error_wrap(err, "vagrantfile_template");
	*out = text_from(a, buf_str(&text));
	return 0;
}

static int add_vagrantfile(struct box *b, const struct conf *from,
	const struct template_field *known, size_t n, struct error *err)
{
	struct text template = {0};
	struct str custom = STR("");
	if (custom_text(&template, b, from, err) != 0)
		return -1;
	if (template.n > 0 && post_render(b->p, &template, known, n, &custom, err) != 0)
		return error_wrap(err, "vagrantfile_template");
	struct str all = arena_printf(b->p->arena,
		"# What the provider %s needs.\n%.*s\n# From the template.\n%.*s",
		b->provider->name, STR_ARG(b->vagrantfile), STR_ARG(custom));
	box_add_bytes(b, "Vagrantfile", all);
	return 0;
}

/* ---- The box -------------------------------------------------------------------------------- */

/* Files of the commit that go along. */
static int add_included(struct box *b, struct error *err)
{
	const struct build_options *o = b->p->run->o;
	struct arena *a = b->p->arena;
	struct str root = path_dir(b->p->p->origin.file);
	for (size_t i = 0; i < b->config->include.n; i++) {
		struct str path = b->config->include.items[i], there = {0}, bytes = {0};
		log_say(&b->p->say, LOG_INFO, "Copying from include: %.*s", STR_ARG(path));
		bool found = false;
		for (struct str from = root; o->tree && !found; from = path_dir(from)) {
			struct tree_entry entry = {0};
			if (path_join(a, from, path, &there) &&
				tree_stat(o->tree, there, &entry, err) != 0)
				return -1;
			found = entry.kind == TREE_FILE;
			if (from.n == 0)
				break;
		}
		if (!found)
			return error_set(err, ERROR_INPUT, "include: %.*s: not in the commit",
				STR_ARG(path));
		if (tree_read(o->tree, there, &bytes, err) != 0)
			return -1;
		box_add_bytes(b, arena_cstr(a, path_base(path)), bytes);
	}
	return 0;
}

static int entry_cmp(const void *x, const void *y)
{
	const struct box_entry *a = x, *b = y;
	return str_cmp(a->name, b->name);
}

static int write_box(struct box *b, struct str path, struct post_artifact *out, struct error *err)
{
	__attribute__((cleanup(post_output_clear))) struct post_output file = {.fd = -1};
	__attribute__((cleanup(post_archive_clear))) struct post_archive archive = {0};
	int64_t level = b->config->compression_level;
	const struct post_shape shape = {
		.container = POST_TAR,
		.filter = level == 0 ? POST_NO_FILTER : POST_GZIP,
		.level = level < 0 ? 0 : (int)level,
	};
	qsort(b->entries.items, b->entries.n, sizeof(b->entries.items[0]), entry_cmp);
	if (post_output_open(&file, b->p, path, b->in, err) != 0 ||
		post_archive_open(&archive, b->p, file.fd, &shape, err) != 0)
		return -1;
	for (size_t i = 0; i < b->entries.n; i++) {
		const struct box_entry *e = &b->entries.items[i];
		log_say(&b->p->say, LOG_INFO, "Compressing: %.*s", STR_ARG(e->name));
		int status = e->fd >= 0 ? post_archive_add(&archive, e->name, e->fd, err)
					: post_archive_add_bytes(&archive, e->name, e->bytes, err);
		if (status != 0)
			return -1;
	}
	if (post_archive_finish(&archive, err) != 0)
		return -1;
	return post_output_finish(&file, b->p, "application/vnd.vagrant.box", out, err);
}

static struct str architecture(const struct vagrant_config *c)
{
	struct utsname machine;
	if (c->architecture.n > 0)
		return c->architecture;
	if (uname(&machine) == 0 && strcmp(machine.machine, "aarch64") == 0)
		return STR("arm64");
	return STR("amd64");
}

/* Metadata comes before what was included: a file of that name is the template's own. */
static void add_metadata(struct box *b, struct str arch)
{
	scoped(buf) text = {0};
	set_metadata(b, "provider", b->provider->name);
	json_set(b->p->arena, b->metadata, "architecture", json_string(b->p->arena, arch));
	if (box_has(b, "metadata.json"))
		return;
	json_write_canonical(&text, b->metadata);
	buf_add_byte(&text, '\n');
	box_add_bytes(b, "metadata.json", arena_str(b->p->arena, buf_str(&text)));
}

static int decode_for(struct vagrant_config *out, const struct conf **from, const struct box *b,
	struct error *err)
{
	struct diags d = {0};
	const struct conf *more = NULL;
	*from = b->p->p->config;
	if (b->config->override)
		more = conf_find(b->config->override, str_from(b->provider->name));
	if (!more) {
		*out = *b->config;
		return 0;
	}
	*from = merge(*from, more, b->p->arena);
	defaults(out, b->p->arena);
	(void)!conf_decode(out, *from, fields, "post-processor vagrant", &d, b->p->arena);
	return diags_check(&d, err);
}

static int fill_box(struct box *b, struct str *path, struct error *err)
{
	struct arena *a = b->p->arena;
	struct vagrant_config *config = arena_new(a, struct vagrant_config);
	const struct conf *from = NULL;
	if (choose_provider(b, err) != 0 || decode_for(config, &from, b, err) != 0)
		return -1;
	b->config = config;
	struct str arch = architecture(config);
	const struct template_field known[] = {
		post_field(a, "ArtifactId", b->in->id),
		post_field(a, "Provider", str_from(b->provider->name)),
		post_field(a, "Architecture", arch),
	};
	struct text template = output(config, a);
	log_say(&b->p->say, LOG_INFO, "Creating Vagrant box for '%s' provider", b->provider->name);
	if (post_render(b->p, &template, known, countof(known), path, err) != 0 ||
		post_path(path, a, *path, err) != 0 || add_included(b, err) != 0 ||
		b->provider->fill(b, err) != 0)
		return -1;
	add_metadata(b, arch);
	return from ? add_vagrantfile(b, from, known, countof(known), err) : 0;
}

static int run(struct post *p, const struct post_artifact *in, struct post_artifact *out,
	struct error *err)
{
	__attribute__((cleanup(box_clear))) struct box b = {
		.p = p,
		.config = p->config,
		.in = in,
		.metadata = json_object(p->arena),
	};
	struct str path = {0};
	if (fill_box(&b, &path, err) != 0)
		return -1;
	out->id = str_from(b.provider->name);
	return write_box(&b, path, out, err);
}

static const char *const output_fields[] = {"ArtifactId", "Provider", "Architecture", NULL};

const struct post_processor post_vagrant = {
	.type = "vagrant",
	.builder_id = "mitchellh.post-processor.vagrant",
	.fields = fields,
	.size = sizeof(struct vagrant_config),
	.defaults = defaults,
	.check = check,
	.needs = needs,
	.output = output,
	.output_fields = output_fields,
	.run = run,
};
