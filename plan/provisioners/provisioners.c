#include "plan/compile.h"

const struct provisioner *const provisioner_table[] = {
	&provisioner_shell,
	&provisioner_file,
	&provisioner_shell_local,
	&provisioner_powershell,
	&provisioner_windows_shell,
	&provisioner_windows_restart,
	&provisioner_ansible,
	&provisioner_ansible_local,
	&provisioner_puppet_masterless,
	&provisioner_puppet_server,
	&provisioner_chef_solo,
	&provisioner_chef_client,
	&provisioner_salt_masterless,
	&provisioner_hcp_sbom,
	&provisioner_sleep,
	&provisioner_breakpoint,
	NULL,
};
