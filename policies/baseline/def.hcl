# Defences that are switched off.
pack "baseline" {}

rule "DEF001" {
  title    = "firewall is switched off"
  severity = "high"
  on       = "firewall"
  when     = (firewall.tool == "ufw" &&
              (firewall.action == "disable" ||
               (firewall.action == "policy" && one_of(firewall.target, "allow", "accept") && !one_of(firewall.chain, "outgoing", "output"))))
  message  = "${command} opens the machine to the network"
  why      = "services that were meant for the machine alone become public"
  fix      = "allow the ports that the product needs, and nothing else"
  refs     = ["CWE-693", "ATT&CK T1686"]
  bad      = ["ufw disable", "ufw default allow incoming"]
  good     = ["ufw allow 443/tcp", "ufw default allow outgoing"]
}

rule "DEF002" {
  title    = "firewall service is disabled"
  severity = "high"
  on       = "service"
  when     = one_of(service.action, "disable", "stop", "mask") && one_of(service.name, "ufw", "firewalld", "nftables", "iptables", "ip6tables", "netfilter-persistent", "shorewall")
  message  = "${service.tool} takes ${service.name} out of service (${service.action})"
  why      = "services that were meant for the machine alone become public"
  fix      = "keep the service and allow the ports that the product needs"
  refs     = ["CWE-693", "ATT&CK T1686", "DO firewall"]
  bad      = ["systemctl disable --now firewalld", "service iptables stop"]
  good     = ["systemctl restart firewalld", "systemctl disable cups"]
}

rule "DEF003" {
  title    = "firewall rules are flushed"
  severity = "medium"
  on       = "firewall"
  when     = (one_of(firewall.tool, "iptables", "ip6tables", "nft", "ufw") &&
              (one_of(firewall.action, "flush", "reset") || (firewall.tool != "ufw" && firewall.action == "policy" && firewall.target == "accept")))
  message  = "${command} lets everything through"
  why      = "an empty set of rules is no firewall"
  fix      = "add the rules that the product needs"
  refs     = ["CWE-693", "ATT&CK T1686"]
  bad      = ["iptables -F", "iptables -P INPUT ACCEPT", "nft flush ruleset", "ufw --force reset"]
  good     = ["iptables -A INPUT -p tcp --dport 443 -j ACCEPT", "iptables -P INPUT DROP"]
}

rule "DEF004" {
  title    = "SELinux is switched off"
  severity = "high"
  on       = "kernel"
  when     = ((kernel.what == "selinux" && matches(kernel.value, "^(0|disabled|permissive|[Dd]isabled|[Pp]ermissive)$")) ||
              (kernel.what == "cmdline" && one_of(kernel.name, "selinux", "enforcing") && kernel.value == "0"))
  message  = "${command} takes SELinux out of force (${kernel.value})"
  why      = "without it a service that is taken over reaches everything that its user may"
  fix      = "write a module for what the product needs"
  refs     = ["CWE-693", "CIS 1.3", "ATT&CK T1685"]
  bad      = ["setenforce 0", "sed -i 's/SELINUX=enforcing/SELINUX=disabled/' /etc/selinux/config"]
  good     = ["setenforce 1", "sed -i 's/SELINUX=permissive/SELINUX=enforcing/' /etc/selinux/config"]
}

rule "DEF005" {
  title    = "AppArmor is switched off"
  severity = "high"
  on       = "exec"
  when     = (one_of(exec.name, "aa-teardown", "aa-disable", "aa-complain") ||
              (exec.name == "systemctl" && has_arg(exec, "disable", "stop", "mask") && any_arg(exec, "^apparmor([.]service)?$")) ||
              (exec.name == "apparmor_parser" && has_flag(exec, "R", "remove")))
  message  = "${command} takes AppArmor out of force"
  why      = "without it a service that is taken over reaches everything that its user may"
  fix      = "write a profile for what the product needs"
  refs     = ["CWE-693", "CIS 1.3", "ATT&CK T1685"]
  bad      = ["systemctl disable --now apparmor", "aa-teardown"]
  good     = ["systemctl reload apparmor", "apparmor_parser -r /etc/apparmor.d/usr.sbin.app"]
}

rule "DEF006" {
  title    = "audit is switched off"
  severity = "high"
  on       = "exec"
  when     = ((exec.name == "auditctl" && (has_flag(exec, "D") || flag_value(exec, "e") == "0")) ||
              (one_of(exec.name, "systemctl", "service", "chkconfig", "update-rc.d") && any_arg(exec, "^auditd([.]service)?$") && has_arg(exec, "disable", "stop", "mask", "off", "remove")) ||
              (exec.name == "rm" && anytrue([for o in exec.operands : path_under(o, "/etc/audit")])))
  message  = "${command} stops the audit of the kernel"
  why      = "what happens on the machine is then not recorded"
  fix      = "keep auditd and its rules"
  refs     = ["CWE-778", "ATT&CK T1685.004"]
  bad      = ["auditctl -e 0", "systemctl disable auditd"]
  good     = ["auditctl -e 1", "systemctl restart auditd", "auditctl -l"]
}

rule "DEF007" {
  title    = "security agent is removed"
  severity = "high"
  on       = "package"
  when     = package.action == "remove" && anytrue([for n in package.names : one_of(n, param.agents)])
  message  = "${command} removes software that protects the machine"
  why      = "the platform, or the owner, no longer sees what happens on the machine"
  fix      = "leave agents to the owner of the machine"
  refs     = ["CWE-693", "ATT&CK T1685"]
  params = {
    agents = ["aliyun-service", "aegis", "cloudmonitor", "amazon-ssm-agent", "walinuxagent", "waagent", "falcon-sensor", "wazuh-agent", "clamav", "clamav-daemon", "osqueryd", "osquery", "auditd", "rkhunter", "fail2ban", "sentinelone", "crowdstrike"]
  }
  bad  = ["apt-get purge -y wazuh-agent", "yum remove -y falcon-sensor"]
  good = ["apt-get purge -y nano", "apt-get install -y wazuh-agent"]
}

rule "DEF012" {
  title    = "security agent is switched off"
  severity = "high"
  on       = "service"
  when     = one_of(service.action, "disable", "mask") && anytrue([for a in param.agents : service.name == a || service.name == "${a}.service"])
  message  = "${service.name} no longer protects the machine (${service.action})"
  why      = "the platform, or the owner, no longer sees what happens on the machine"
  fix      = "leave agents to the owner of the machine"
  refs     = ["CWE-693", "ATT&CK T1685"]
  params = {
    agents = ["aliyun", "aliyun-service", "aegis", "cloudmonitor", "amazon-ssm-agent", "snap.amazon-ssm-agent.amazon-ssm-agent", "walinuxagent", "waagent", "falcon-sensor", "wazuh-agent", "clamav-daemon", "clamav-freshclam", "osqueryd", "sentinelone", "fail2ban", "google-guest-agent", "google-osconfig-agent", "oracle-cloud-agent"]
  }
  bad  = ["systemctl disable aegis", "systemctl mask falcon-sensor.service"]
  good = ["systemctl enable aegis", "systemctl disable cups"]
}

rule "DEF013" {
  title    = "automatic security updates are configured off"
  severity = "medium"
  on       = "write"
  when     = ((path_under(write.path, "/etc/apt/apt.conf.d", "/etc/apt/apt.conf") && matches(write.effective, "^[^#/]*APT::Periodic::(Unattended-Upgrade|Update-Package-Lists|Enable)[ \t]+\"?0")) ||
              (write.path == "/etc/dnf/automatic.conf" && matches(write.effective, "^[ \t]*apply_updates[ \t]*=[ \t]*(no|false|0)")))
  message  = "${write.path} no longer brings security updates"
  why      = "machines of people who do not update by hand stay open"
  fix      = "leave the distribution's setting"
  refs     = ["CWE-1104", "GCP TestAutomaticUpdates"]
  bad      = ["echo 'APT::Periodic::Unattended-Upgrade \"0\";' > /etc/apt/apt.conf.d/20auto-upgrades"]
  good     = ["echo 'APT::Periodic::Unattended-Upgrade \"1\";' > /etc/apt/apt.conf.d/20auto-upgrades"]
}

rule "DEF008" {
  title    = "automatic security updates are switched off"
  severity = "medium"
  on       = "service"
  when     = one_of(service.action, "disable", "mask") && matches(service.name, "^(unattended-upgrades|apt-daily(-upgrade)?([.]timer)?|dnf-automatic([.]timer|-install[.]timer)?|yum-cron)$")
  message  = "${service.name} no longer brings security updates (${service.action})"
  why      = "machines of people who do not update by hand stay open"
  fix      = "stop the timer while the build needs the lock, and leave it enabled"
  refs     = ["CWE-1104", "GCP TestAutomaticUpdates"]
  bad      = ["systemctl mask apt-daily.timer", "systemctl disable --now unattended-upgrades"]
  good     = ["systemctl stop apt-daily.timer", "systemctl enable unattended-upgrades"]
}

rule "DEF009" {
  title    = "kernel starts with a protection off"
  severity = "medium"
  on       = "kernel"
  when     = (kernel.what == "cmdline" && (one_of(kernel.name, "nokaslr", "nopti", "nosmep", "nosmap", "nospectre_v2", "init", "rdinit", "systemd.debug-shell") ||
              (kernel.name == "mitigations" && kernel.value == "off") ||
              (one_of(kernel.name, "apparmor", "audit") && kernel.value == "0")))
  message  = "the kernel command line gets ${kernel.name}=${kernel.value}"
  why      = "the protection is off on every start of every machine"
  fix      = "leave the kernel's defaults"
  refs     = ["CWE-693", "CIS 1.3", "ATT&CK T1685"]
  bad      = ["echo 'GRUB_CMDLINE_LINUX=\"mitigations=off\"' >> /etc/default/grub"]
  good     = ["echo 'GRUB_CMDLINE_LINUX=\"console=ttyS0 mitigations=auto\"' >> /etc/default/grub"]
}

rule "DEF011" {
  title    = "the recorder is tampered with"
  severity = "high"
  on       = "exec"
  when     = (one_of(exec.name, "kill", "pkill", "killall", "rm", "mv", "chmod", "strace", "gdb", "ptrace") && any_arg(exec, "sealwright"))
  message  = "${command} goes against the program that records this build"
  why      = "a build that hides what it does cannot be vouched for"
  fix      = "remove the command"
  refs     = ["CWE-693", "ATT&CK T1685"]
  locked   = true
  bad      = ["pkill -9 sealwright-agent", "rm -f /run/sealwright/agent"]
  good     = ["pkill -HUP nginx", "echo sealwright"]
}

rule "DEF014" {
  title    = "firewall writes no log"
  severity = "medium"
  on       = "exec"
  when     = exec.name == "ufw" && has_arg(exec, "logging") && has_arg(exec, "off")
  message  = "${command} leaves no trace of what was turned away"
  why      = "nobody sees who knocks"
  fix      = "leave the log on; low is enough"
  refs     = ["CWE-778", "ATT&CK T1686"]
  bad      = ["ufw logging off"]
  good     = ["ufw logging low"]
}

rule "DEF015" {
  title    = "firewall is configured open"
  severity = "high"
  on       = "write"
  when     = !write.deleted && ((write.path == "/etc/default/ufw" && matches(write.effective, "^[ \t]*DEFAULT_(INPUT|FORWARD)_POLICY[ \t]*=[ \t]*\"?ACCEPT")) || (write.path == "/etc/ufw/ufw.conf" && matches(write.effective, "^[ \t]*ENABLED[ \t]*=[ \t]*\"?no")) || (path_under(write.path, "/etc/firewalld") && matches(write.effective, "^[ \t]*DefaultZone[ \t]*=[ \t]*trusted", "target=\"ACCEPT\"")))
  message  = "${write.path} lets everything through at the next start"
  why      = "services that were meant for the machine alone become public"
  fix      = "allow the ports that the product needs, and nothing else"
  refs     = ["CWE-693", "ATT&CK T1686"]
  bad      = ["sed -i 's/^ENABLED=.*/ENABLED=no/' /etc/ufw/ufw.conf", "echo 'DEFAULT_INPUT_POLICY=\"ACCEPT\"' >> /etc/default/ufw"]
  good     = ["sed -i 's/^ENABLED=.*/ENABLED=yes/' /etc/ufw/ufw.conf", "echo 'DEFAULT_INPUT_POLICY=\"DROP\"' >> /etc/default/ufw"]
}

rule "DEF016" {
  title    = "security agent is told to look away"
  severity = "high"
  on       = "exec"
  when     = one_of(exec.name, "mdatp", "falconctl", "sentinelctl", "clamonacc", "osqueryctl", "wazuh-control", "ossec-control", "aide") && (has_arg(exec, "disable", "disabled", "off", "stop", "exclusion", "uninstall") || any_arg(exec, "=(disabled?|off|false|0)$"))
  message  = "${command} takes protection away"
  why      = "the platform, or the owner, no longer sees what happens on the machine"
  fix      = "leave agents to the owner of the machine"
  refs     = ["CWE-693", "ATT&CK T1685"]
  bad      = ["mdatp config real-time-protection --value disabled", "sentinelctl control stop"]
  good     = ["mdatp health", "mdatp config real-time-protection --value enabled"]
}

rule "DEF010" {
  title    = "kernel gives away the memory of processes"
  severity = "medium"
  on       = "kernel"
  when = (kernel.what == "sysctl" && kernel.value != null && (
    (one_of(kernel.name, "kernel.yama.ptrace_scope", "kernel.dmesg_restrict") && kernel.value == "0") ||
    (kernel.name == "fs.suid_dumpable" && kernel.value != "0") ||
    (kernel.name == "kernel.core_pattern" && matches(kernel.value, "^[|]")) ||
    (kernel.name == "kernel.sysrq" && kernel.value == "1") ||
    (kernel.name == "kernel.perf_event_paranoid" && one_of(kernel.value, "-1", "0"))))
  message  = "${kernel.name} = ${kernel.value} lets processes look into others, or keeps what was in them"
  why      = "passwords and keys of other programs are in their memory and in their core dumps"
  fix      = "leave the distribution's value"
  refs     = ["CWE-693", "CWE-528", "ATT&CK T1562.001", "CIS 1.5"]
  bad      = ["sysctl -w kernel.yama.ptrace_scope=0", "echo 'fs.suid_dumpable = 2' > /etc/sysctl.d/60-app.conf"]
  good     = ["sysctl -w kernel.yama.ptrace_scope=1", "echo 'fs.suid_dumpable = 0' > /etc/sysctl.d/60-app.conf"]
}
