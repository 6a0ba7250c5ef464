# Permissions, setuid, capabilities.
pack "baseline" {}

rule "PRM001" {
  title    = "shell or interpreter becomes setuid"
  severity = "critical"
  on       = "exec"
  when     = (one_of(exec.name, "chmod", "install") &&
              (anytrue([for o in exec.operands : mode_sets(o, "setuid") && matches(o, "^[0-7]+$|[+=]")]) || mode_sets(flag_value(exec, "m", "mode"), "setuid")) &&
              anytrue([for o in concat(exec.operands, exec.targets) : is_interpreter(o) || one_of(base_name(o), "find", "vim", "vi", "nano", "less", "more", "cp", "tar", "env", "busybox", "gdb", "docker", "dd", "tee")]))
  message  = "${command} lets everybody become root"
  why      = "a shell with the setuid bit is a back door with a name"
  fix      = "remove the command; use sudo with a rule of its own"
  refs     = ["CWE-269", "CWE-732", "ATT&CK T1548.001"]
  bad      = ["chmod u+s /bin/bash", "chmod 4755 /usr/bin/python3.11", "install -m 4755 /bin/sh /usr/local/bin/sh"]
  good     = ["chmod 755 /bin/bash", "chmod u-s /usr/bin/find"]
}

rule "PRM002" {
  title    = "program becomes setuid"
  severity = "high"
  on       = "exec"
  when     = (((exec.name == "chmod" && anytrue([for o in exec.operands : matches(o, "^[0-7]+$|^[ugoa]*[+=]|,[ugoa]*[+=]") && mode_sets(o, "setuid")])) ||
               (exec.name == "install" && mode_sets(flag_value(exec, "m", "mode"), "setuid"))) &&
              !anytrue([for o in concat(exec.operands, exec.targets) : is_interpreter(o) || one_of(base_name(o), "find", "vim", "vi", "nano", "less", "more", "cp", "tar", "env", "busybox", "gdb", "docker", "dd", "tee")]))
  message  = "${command} makes a program run as its owner, whoever calls it"
  why      = "each such program is a way from any user to root when it has one fault"
  fix      = "give a capability, or a rule for sudo, that does just what is needed"
  refs     = ["CWE-250", "CWE-732", "ATT&CK T1548.001"]
  bad      = ["chmod 4755 /opt/app/bin/launcher", "chmod u+s,g+s /opt/app/bin/launcher"]
  good     = ["chmod 0755 /opt/app/bin/launcher", "chmod 2775 /srv/shared", "chmod u-s /usr/bin/at", "chmod u+s /bin/bash"]
}

rule "PRM003" {
  title    = "program gets a capability that is as good as root"
  severity = "high"
  on       = "exec"
  when     = exec.name == "setcap" && any_arg(exec, "cap_(setuid|setgid|sys_admin|sys_ptrace|sys_module|dac_override|dac_read_search|chown|fowner|setfcap|sys_rawio|bpf)|^(all)?[+=]e?i?p")
  message  = "${command} gives a program the power of root"
  why      = "with this capability any user who may run the program becomes root"
  fix      = "give only what is needed, such as cap_net_bind_service"
  refs     = ["CWE-250", "ATT&CK T1548.001"]
  bad      = ["setcap cap_setuid+ep /usr/bin/python3.11"]
  good     = ["setcap cap_net_bind_service=+ep /usr/bin/node", "setcap -r /usr/bin/node"]
}

rule "PRM004" {
  title    = "everybody may write"
  severity = "medium"
  on       = "exec"
  when     = (exec.name == "chmod" && anytrue([for o in exec.operands : matches(o, "^[0-7]+$|^[ugoa]*[+=]|,[ugoa]*[+=]") && mode_sets(o, "world-write") && !mode_sets(o, "sticky")]) &&
              !anytrue([for o in exec.operands : path_under(o, "/etc", "/usr", "/bin", "/sbin", "/lib", "/boot", "/opt", "/var/spool/cron")]))
  message  = "${command} lets every user and every service change files"
  why      = "a service that is taken over can change what others run or read"
  fix      = "give the files to the user or group that needs them"
  refs     = ["CWE-732", "ATT&CK T1222.002"]
  bad      = ["chmod -R 777 /srv/app/data"]
  good     = ["chmod 1777 /srv/tmp", "chmod -R 775 /srv/app/data", "chmod o-w /srv/app/data"]
}

rule "PRM005" {
  title    = "everybody may change the system"
  severity = "high"
  on       = "exec"
  when     = (exec.name == "chmod" && anytrue([for o in exec.operands : matches(o, "^[0-7]+$|^[ugoa]*[+=]|,[ugoa]*[+=]") && mode_sets(o, "world-write") && !mode_sets(o, "sticky")]) &&
              anytrue([for o in exec.operands : path_under(o, "/etc", "/usr", "/bin", "/sbin", "/lib", "/boot", "/opt", "/var/spool/cron")]))
  message  = "${command} lets every user change what root runs or reads"
  why      = "who may write to these directories becomes root at the next start"
  fix      = "leave them to root"
  refs     = ["CWE-732", "CWE-276", "ATT&CK T1222.002"]
  bad      = ["chmod 666 /etc/crontab", "chmod a+w /usr/local/bin"]
  good     = ["chmod 644 /etc/crontab", "chmod a+x /usr/local/bin/tool"]
}

rule "PRM006" {
  title    = "key or shadow file becomes readable"
  severity = "high"
  on       = "exec"
  when     = (exec.name == "chmod" && anytrue([for o in exec.operands : matches(o, "^[0-7]+$|^[ugoa]*[+=]|,[ugoa]*[+=]") && mode_sets(o, "world-read", "world-write")]) &&
              anytrue([for o in exec.operands : matches(o, "^/etc/g?shadow-?$", "/ssh_host_[a-z0-9*?]+_key$", "/[.]ssh/id_[a-z0-9]+$", "^/etc/ssl/private")]))
  message  = "${command} shows secrets to every user"
  why      = "hashes and private keys are then there for everybody who gets any login"
  fix      = "leave the mode at 600 or 640"
  refs     = ["CWE-732", "ATT&CK T1222.002", "ATT&CK T1003.008"]
  bad      = ["chmod 644 /etc/shadow", "chmod a+r /etc/ssh/ssh_host_ed25519_key"]
  good     = ["chmod 640 /etc/shadow", "chmod 644 /etc/ssh/ssh_host_ed25519_key.pub"]
}

rule "PRM007" {
  title    = "umask lets everybody write"
  severity = "low"
  on       = "exec"
  when     = exec.name == "umask" && anytrue([for o in exec.operands : matches(o, "^0*[0-7]?[0145]$") && !matches(o, "^0*[0-7][2367]$")])
  message  = "${command} makes new files writable for everybody"
  why      = "files that are made later get the mode that nobody chose"
  fix      = "umask 022, or 077 for secrets"
  refs     = ["CWE-276"]
  bad      = ["umask 000"]
  good     = ["umask 022", "umask 077"]
}

rule "PRM008" {
  title    = "file is made immutable"
  severity = "medium"
  on       = "exec"
  when     = exec.name == "chattr" && has_arg(exec, "+i", "+a", "+ai", "+ia") && anytrue([for o in exec.operands : path_under(o, "/etc", "/usr", "/bin", "/sbin", "/lib", "/opt", "/root", "/var/spool/cron")])
  message  = "${command} keeps the owner of the machine from changing or removing a file"
  why      = "it is how implants keep themselves, and how updates break"
  fix      = "leave files as packages made them"
  refs     = ["CWE-732", "ATT&CK T1222.002"]
  bad      = ["chattr +i /etc/resolv.conf"]
  good     = ["chattr -i /etc/resolv.conf", "chattr +C /var/lib/images"]
}

rule "PRM009" {
  title    = "programs or libraries come from a directory that others may write"
  severity = "medium"
  on       = "env"
  when     = (env.persisted && ((env.name == "PATH" && matches(env.value, "(^|:)(/tmp|/var/tmp|/dev/shm|[.])(/[^:]*)?(:|$)", "^:|::|:$")) ||
              (one_of(env.name, "LD_LIBRARY_PATH", "PYTHONPATH", "PERL5LIB") && matches(env.value, "(^|:)(/tmp|/var/tmp|/dev/shm|[.])"))))
  message  = "${env.path} puts a place that others may write into ${env.name}"
  why      = "who puts a file there is run by everybody who uses the machine"
  fix      = "name directories that only root may write"
  refs     = ["CWE-427", "CWE-426", "ATT&CK T1574.007"]
  bad      = ["echo 'export PATH=/tmp/bin:$PATH' >> /etc/profile"]
  good     = ["echo 'export PATH=/opt/app/bin:$PATH' >> /etc/profile"]
}

rule "PRM010" {
  title    = "shared directory loses its protection"
  severity = "high"
  on       = "exec"
  when     = exec.name == "chmod" && (any_arg(exec, "^[ugoa]*-[rwxXs]*t") || anytrue([for o in exec.operands : matches(o, "^0?[0-7]?[0-7][0-7]7$") && !mode_sets(o, "sticky")])) && anytrue([for o in exec.operands : one_of(o, "/tmp", "/var/tmp", "/dev/shm", "/tmp/", "/var/tmp/")])
  message  = "${command} lets users remove and replace files of others in a shared directory"
  why      = "programs of root keep files there, which anybody may exchange"
  fix      = "leave the mode at 1777"
  refs     = ["CWE-379", "CWE-732", "ATT&CK T1222.002"]
  bad      = ["chmod -t /tmp", "chmod 0777 /var/tmp"]
  good     = ["chmod 1777 /tmp", "chmod -t /srv/shared"]
}

rule "PRM011" {
  title    = "program runs as its group"
  severity = "medium"
  on       = "exec"
  when     = exec.name == "chmod" && anytrue([for o in exec.operands : matches(o, "^0?[2367][0-7]?[1357][0-7]{1,2}$|^[ugoa]*g[ugoa]*[+=][rwX]*(xs|sx)") && mode_sets(o, "setgid") && !mode_sets(o, "setuid")]) && (anytrue([for o in exec.operands : matches(o, "[+=].*(xs|sx)")]) || anytrue([for o in exec.operands : path_under(o, "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", "/usr/local/bin", "/usr/local/sbin", "/usr/games")]))
  message  = "${command} gives everybody who runs the program the rights of a group"
  why      = "groups such as shadow, disk and docker are as good as root"
  fix      = "give a capability, or a rule for sudo, that does just what is needed"
  refs     = ["CWE-250", "CWE-732", "ATT&CK T1548.001"]
  bad      = ["chmod 2755 /usr/local/bin/report", "chmod g+xs /opt/app/report"]
  good     = ["chmod 2775 /srv/shared", "chmod g+s /srv/shared", "chmod 0755 /usr/local/bin/report"]
}
