/* What runs after the last provisioner, and what a box brings to the machines of its users. */
#include "plan/boot/boot.h"

/* Builders that leave the temporary key where it is, whatever the template says. */
#define KEEPS_KEY "vsphere-* vagrant null file rootfs *-chroot "
/* Builders that stop the machine through their platform and take no command. */
#define STOPPED_OUTSIDE \
	"amazon-* alicloud-ecs azure-* digitalocean docker googlecompute hcloud openstack " \
	"proxmox* vagrant null file rootfs "

#define KEY_NAME_HOLE "SSHTemporaryKeyPairName"

/* ---- Commands ------------------------------------------------------------------------------- */

static int add_command(struct compiler *c, const struct origin *o, const struct text *command)
{
	struct step *s = compile_step(c, STEP_EXEC, o);
	if (!s)
		return -1;
	s->exec.command = *command;
	s->exec.cleanup = true;
	s->exec.sha256 = digest_bytes(STR(""));
	list_push(c->arena, &s->exec.exit_codes) = 0;
	return 0;
}

/* The comment of the key that the build makes. */
static struct text key_name(struct compiler *c, const struct conf *config)
{
	struct text name = {0};
	const struct conf *given = conf_find(config, STR("temporary_key_pair_name"));
	if (given && given->type == CONF_STRING && given->text.n > 0)
		return given->text;
	text_add_hole(&name, c->arena, STR(KEY_NAME_HOLE));
	return name;
}

static struct text around(
	struct compiler *c, const char *before, const struct text *name, const char *after)
{
	struct text out = {0};
	text_add_literal(&out, c->arena, str_from(before));
	text_add(&out, c->arena, name);
	text_add_literal(&out, c->arena, str_from(after));
	return out;
}

static bool makes_key(struct compiler *c, const struct conf *config)
{
	static const char *const others[] = {
		"ssh_private_key_file", "ssh_keypair_name", "ssh_password"};
	struct str communicator = boot_setting(config, "communicator", c->arena);
	if (communicator.n > 0 && !str_is(communicator, "ssh"))
		return false;
	if (boot_setting(config, "temporary_key_pair_name", c->arena).n > 0)
		return true;
	for (size_t i = 0; i < countof(others); i++) {
		if (boot_setting(config, others[i], c->arena).n > 0)
			return false;
	}
	return !boot_is_on(config, "ssh_agent_auth");
}

static int clear_keys(struct compiler *c, const struct conf *config)
{
	const struct conf *value = conf_find(config, STR("ssh_clear_authorized_keys"));
	bool docker = str_is(c->build->type, "docker");
	bool ssh = !docker || str_is(boot_setting(config, "communicator", c->arena), "ssh");
	if (!value || !boot_is_on(config, "ssh_clear_authorized_keys") || !ssh ||
		!makes_key(c, config) || boot_is_type(c->build->type, KEEPS_KEY))
		return 0;
	struct text name = key_name(c, config);
	struct text own = around(c, "sed -i.bak '/ ", &name,
		"$/d' ~/.ssh/authorized_keys; rm ~/.ssh/authorized_keys.bak");
	struct text root = around(c, "sudo sed -i.bak '/ ", &name,
		"$/d' /root/.ssh/authorized_keys; sudo rm /root/.ssh/authorized_keys.bak");
	if (add_command(c, &value->origin, &own) < 0)
		return -1;
	return add_command(c, &value->origin, &root);
}

static int shut_down(struct compiler *c, const struct conf *config)
{
	struct str communicator = boot_setting(config, "communicator", c->arena);
	const struct conf *value = conf_find(config, STR("shutdown_command"));
	if (!value || value->type == CONF_NULL)
		return 0;
	if (value->type != CONF_STRING)
		return compile_error(c, &value->origin, "\"shutdown_command\" takes a string");
	if (boot_is_type(c->build->type, STOPPED_OUTSIDE))
		diag_warning(c->diags, c->diag_arena, &value->origin,
			"a builder of type %.*s takes no \"shutdown_command\"",
			STR_ARG(c->build->type));
	if (value->text.n == 0 || str_is(communicator, "none") ||
		boot_is_on(config, "disable_shutdown") || boot_is_on(config, "acpi_shutdown"))
		return 0;
	if (add_command(c, &value->origin, &value->text) < 0)
		return -1;
	struct step_exec *exec = &c->plan->steps.items[c->plan->steps.n - 1].exec;
	exec->cleanup = false;
	exec->any_exit_code = true;
	exec->expect_disconnect = true;
	if (str_is(communicator, "winrm"))
		exec->language = LANGUAGE_CMD;
	return 0;
}

/* ---- Vagrantfiles --------------------------------------------------------------------------- */

/* Of the post-processor itself, and of what it says for one provider. */
static int add_vagrantfile(struct compiler *c, const struct conf *config, bool generated)
{
	struct boot b = {
		.c = c,
		.key = "vagrantfile_template",
		.value = conf_find(config, STR("vagrantfile_template")),
	};
	generated = generated || boot_is_on(config, "vagrantfile_template_generated");
	if (!b.value || b.value->type == CONF_NULL)
		return 0;
	return boot_add_file(&b, b.value, STR("Vagrantfile"), generated);
}

static int add_included(struct compiler *c, const struct conf *config)
{
	struct boot b = {.c = c, .key = "include", .value = conf_find(config, STR("include"))};
	if (!b.value || b.value->type == CONF_NULL)
		return 0;
	return boot_add_files(&b, b.value, BOOT_FLAT);
}

static int add_overrides(struct compiler *c, const struct conf *config)
{
	int status = 0;
	bool generated = boot_is_on(config, "vagrantfile_template_generated");
	const struct conf *all = conf_find(config, STR("override"));
	for (size_t i = 0; all && all->type == CONF_OBJECT && i < all->object.n; i++) {
		const struct conf *one = all->object.items[i].value;
		if (one->type != CONF_OBJECT)
			continue;
		status |= add_vagrantfile(c, one, generated);
		status |= add_included(c, one);
	}
	return status;
}

static int add_box(struct compiler *c, const struct template_post_processor *pp)
{
	struct str label = arena_printf(c->arena, "%.*s: files of the box", STR_ARG(pp->name));
	boot_open(c, GROUP_FINISH, pp->type, &pp->origin, label.p);
	int status = add_vagrantfile(c, pp->config, false);
	status |= add_included(c, pp->config);
	status |= add_overrides(c, pp->config);
	boot_close(c);
	return status;
}

static int add_boxes(struct compiler *c)
{
	int status = 0;
	for (size_t i = 0; i < c->build->post_processors.n; i++) {
		const struct template_sequence *s = &c->build->post_processors.items[i];
		for (size_t k = 0; k < s->n; k++) {
			const struct template_post_processor *pp = &s->items[k];
			if (str_is(pp->type, "vagrant") && pp->config &&
				pp->config->type == CONF_OBJECT)
				status |= add_box(c, pp);
		}
	}
	return status;
}

int compile_finish(struct compiler *c)
{
	const struct conf *config = c->build->config;
	int status = 0;
	if (config && config->type == CONF_OBJECT) {
		struct str label = arena_printf(c->arena, "builder %.*s", STR_ARG(c->build->type));
		boot_open(c, GROUP_FINISH, STR("builder"), &c->build->origin, label.p);
		status |= clear_keys(c, config);
		status |= shut_down(c, config);
		status |= boot_add_keys(c, true);
		boot_close(c);
	}
	return status | add_boxes(c);
}
