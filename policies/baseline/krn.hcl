# Kernel, modules, boot.
pack "baseline" {}

rule "KRN001" {
  title    = "kernel module from a file"
  severity = "high"
  on       = "exec"
  when     = exec.name == "insmod" || (exec.name == "modprobe" && anytrue([for o in exec.operands : matches(o, "/|[.]ko")]))
  message  = "${command} loads code into the kernel"
  why      = "a module can do and hide anything"
  fix      = "use modules of the distribution's kernel"
  refs     = ["CWE-829", "ATT&CK T1547.006", "ATT&CK T1014"]
  bad      = ["insmod /opt/driver/net.ko"]
  good     = ["modprobe br_netfilter", "modinfo /opt/driver/net.ko"]
}

rule "KRN002" {
  title    = "kernel module is built on the machine"
  severity = "medium"
  on       = "exec"
  when     = one_of(exec.name, "dkms", "akmods") && (has_arg(exec, "install", "build", "add", "autoinstall") || has_flag(exec, "force"))
  message  = "${command} builds a module for the kernel"
  why      = "its source comes from outside of the distribution, and runs with the rights of the kernel"
  fix      = "pin the source by digest, or use a signed module"
  refs     = ["CWE-829", "ATT&CK T1547.006"]
  bad      = ["dkms install -m driver -v 1.0"]
  good     = ["dkms status"]
}

rule "KRN003" {
  title    = "protection of the kernel is weakened"
  severity = "medium"
  on       = "kernel"
  when = (kernel.what == "sysctl" && kernel.value != null && (
    (kernel.name == "kernel.randomize_va_space" && kernel.value != "2") ||
    (one_of(kernel.name, "kernel.kptr_restrict", "kernel.unprivileged_bpf_disabled", "fs.protected_symlinks", "fs.protected_hardlinks", "net.ipv4.tcp_syncookies", "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter", "vm.mmap_min_addr") && kernel.value == "0") ||
    (matches(kernel.name, "^net[.]ipv[46][.]conf[.][a-z]+[.](accept_redirects|accept_source_route|send_redirects)$") && kernel.value == "1")))
  message = "${kernel.name} = ${kernel.value} switches a protection off"
  why     = "the setting makes attacks possible that the distribution's default prevents"
  fix     = "leave the default"
  refs    = ["CWE-693", "CIS 3.3", "CIS 1.5"]
  bad     = ["sysctl -w kernel.randomize_va_space=0", "echo 'net.ipv4.conf.all.accept_redirects = 1' >> /etc/sysctl.d/99-app.conf"]
  good    = ["sysctl -w kernel.randomize_va_space=2", "echo 'net.ipv4.conf.all.rp_filter = 1' >> /etc/sysctl.d/99-app.conf"]
}

rule "KRN004" {
  title    = "machine forwards packets"
  severity = "low"
  on       = "kernel"
  when     = kernel.what == "sysctl" && matches(kernel.name, "^net[.]ipv4[.]ip_forward$|^net[.]ipv6[.]conf[.][a-z]+[.]forwarding$") && kernel.value == "1"
  message  = "${kernel.name} makes a router of the machine"
  why      = "containers and gateways need it; other machines should not be a way into a network"
  fix      = "set it where the product that needs it is configured"
  refs     = ["CIS 3.3.1"]
  bad      = ["sysctl -w net.ipv4.ip_forward=1"]
  good     = ["sysctl -w net.ipv4.ip_forward=0"]
}

rule "KRN005" {
  title    = "code is added to the initial RAM disk"
  severity = "medium"
  on       = "write"
  when     = !write.deleted && path_under(write.path, "/etc/initramfs-tools/hooks", "/etc/initramfs-tools/scripts", "/usr/share/initramfs-tools", "/usr/lib/dracut/modules.d", "/etc/dracut.conf.d", "/etc/initcpio")
  message  = "${write.path} becomes part of what runs before the system"
  why      = "it runs before everything that could watch it"
  fix      = "leave the initial RAM disk to the distribution"
  refs     = ["ATT&CK T1542", "ATT&CK T1547"]
  bad      = ["cp hook.sh /etc/initramfs-tools/hooks/app"]
  good     = ["update-initramfs -u", "sed -i 's/^MODULES=.*/MODULES=dep/' /etc/initramfs-tools/initramfs.conf"]
}

rule "KRN006" {
  title    = "key for secure boot is enrolled"
  severity = "medium"
  on       = "exec"
  when     = exec.name == "mokutil" && has_flag(exec, "import", "i", "disable-validation", "delete", "reset")
  message  = "${command} changes what may start before the system"
  why      = "the owner of the key can sign boot loaders and modules for every machine of the image"
  fix      = "use what the distribution has signed"
  refs     = ["CWE-693", "ATT&CK T1553", "ATT&CK T1542"]
  bad      = ["mokutil --import MOK.der"]
  good     = ["mokutil --sb-state"]
}
