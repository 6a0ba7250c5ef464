/* Cmdlets that install packages and modules. */
#include "audit/eval/ps.h"

static const char *action_of(const char *name)
{
	if (strncmp(name, "Install-", 8) == 0)
		return "install";
	if (strncmp(name, "Uninstall-", 10) == 0)
		return "remove";
	if (strncmp(name, "Update-", 7) == 0)
		return "upgrade";
	return strncmp(name, "Save-", 5) == 0 ? "download" : "repository";
}

static void package(struct ps_call *c)
{
	const struct ps_value *names = ps_arg(c, "name");
	size_t n = 0;
	const struct ps_value *items = names ? ps_items(names, &n) : NULL;
	struct win_package k = {.manager = "psgallery", .action = action_of(c->cmdlet->names)};
	for (size_t i = 0; i < n && charge(c->e, 2); i++) {
		struct str s;
		list_push(c->e->scratch, &k.names) =
			ps_const(c->p, &items[i], &s) ? s : (struct str){0};
	}
	k.version = ps_text_arg(c, "requiredversion version");
	k.source = ps_text_arg(c, "sourcelocation source location");
	win_package(c->e, c->c, &k);
}

/* What an image of Windows has already, switched on. */
static void appx(struct ps_call *c)
{
	struct str path = ps_path_arg(c, "path packagepath");
	win_install(c->e, c->c, path);
}

const struct ps_cmdlet ps_cmdlets_package[] = {
	{"Install-Module Install-Script Install-Package Install-PackageProvider Install-PSResource "
	 "Uninstall-Module Uninstall-Package Update-Module Update-Script Save-Module",
		package, "name"},
	{"Register-PSRepository Set-PSRepository Register-PackageSource Set-PackageSource "
	 "Register-PSResourceRepository",
		package, "name"},
	{"Add-AppxPackage Add-AppxProvisionedPackage Add-WindowsPackage", appx, "path"},
	{0},
};
