# Logs, history, traces.
pack "baseline" {}

rule "TAM001" {
  title    = "history of the shell is switched off for good"
  severity = "high"
  on       = "env"
  when     = (env.persisted && ((env.name == "HISTFILE" && matches(env.value, "^(/dev/null)?$")) || (one_of(env.name, "HISTSIZE", "HISTFILESIZE") && env.value == "0") ||
              (env.name == "HISTCONTROL" && env.value == "ignorespace:ignoredups:erasedups:all") || (env.name == "HISTIGNORE" && env.value == "*")))
  message  = "${env.path} keeps every later shell from writing its history"
  why      = "what is done on the machine leaves no trace"
  fix      = "clear the history once, at the end of the build"
  refs     = ["CWE-778", "ATT&CK T1690"]
  bad      = ["echo 'export HISTFILE=/dev/null' >> /etc/profile", "echo 'HISTSIZE=0' >> /etc/environment"]
  good     = ["echo 'HISTSIZE=10000' >> /etc/environment", "rm -f /root/.bash_history"]
}

rule "TAM002" {
  title    = "logging is switched off"
  severity = "high"
  on       = "service"
  when     = one_of(service.action, "disable", "mask") && one_of(service.name, "rsyslog", "syslog", "syslog-ng", "systemd-journald", "syslogd")
  message  = "${service.name} no longer writes logs (${service.action})"
  why      = "what happens on the machine leaves no trace"
  fix      = "keep it; empty the logs once, at the end of the build"
  refs     = ["CWE-778", "ATT&CK T1685"]
  bad      = ["systemctl disable --now rsyslog", "systemctl mask systemd-journald"]
  good     = ["systemctl restart rsyslog", "systemctl stop rsyslog"]
}

rule "TAM008" {
  title    = "logs or history are configured away"
  severity = "high"
  on       = "write"
  when     = ((path_under(write.path, "/etc/profile", "/etc/profile.d", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zsh", "/etc/skel") || matches(write.path, "/[.](bashrc|profile|bash_profile|zshrc)$")) &&
              matches(write.effective, "^[^#]*(unset[ \t]+[^;#]*HIST(FILE|SIZE)|set[ \t]+[+]o[ \t]+history|HISTFILE=(/dev/null)?[ \t]*$)")) || (path_under(write.path, "/etc/systemd/journald.conf", "/etc/systemd/journald.conf.d") && matches(write.effective, "^[ \t]*Storage[ \t]*=[ \t]*none"))
  message  = "${write.path} keeps the machine from writing down what happens"
  why      = "what is done on the machine leaves no trace"
  fix      = "clear logs and history once, at the end of the build"
  refs     = ["CWE-778", "ATT&CK T1690", "ATT&CK T1685"]
  bad      = ["echo 'unset HISTFILE' >> /etc/profile", "sed -i 's/^#Storage=.*/Storage=none/' /etc/systemd/journald.conf"]
  good     = ["sed -i 's/^#Storage=.*/Storage=persistent/' /etc/systemd/journald.conf", "unset HISTFILE"]
}

rule "TAM003" {
  title    = "times of files are forged"
  severity = "medium"
  on       = "exec"
  when     = exec.name == "touch" && has_flag(exec, "r", "reference", "t", "d", "date") && anytrue([for o in exec.operands : path_under(o, "/etc", "/usr", "/bin", "/sbin", "/lib", "/var/log", "/boot")])
  message  = "${command} gives a file another time than its own"
  why      = "a changed file looks as old as its neighbours"
  fix      = "remove it; for reproducible images set SOURCE_DATE_EPOCH where the image is written"
  refs     = ["ATT&CK T1070.006"]
  bad      = ["touch -r /bin/ls /usr/bin/sshd"]
  good     = ["touch /etc/app.conf", "touch -d '2020-01-01' /srv/data/stamp"]
}

rule "TAM004" {
  title    = "evidence is removed"
  severity = "high"
  on       = "write"
  when     = write.deleted && path_under(write.path, "/var/lib/dpkg", "/var/lib/rpm", "/usr/lib/sysimage/rpm", "/var/lib/apt/extended_states", "/lib/apk/db", "/var/lib/pacman/local", "/etc/os-release", "/usr/lib/os-release") && !matches(write.path, "^/var/lib/dpkg/(lock.*|.*-old|updates/.*|available.*)$", "^/var/lib/rpm/__db[.].*$")
  message  = "${write.path} tells what is installed, and it is removed"
  why      = "without the database nobody can list packages, find holes or update"
  fix      = "leave the databases of the package manager alone"
  refs     = ["CWE-778", "ATT&CK T1070.004"]
  bad      = ["rm -rf /var/lib/dpkg/info", "rm -rf /var/lib/rpm"]
  good     = ["rm -rf /var/lib/apt/lists/*", "rm -f /var/lib/rpm/__db.001", "rm -f /var/lib/dpkg/lock-frontend"]
}

rule "TAM005" {
  title    = "database of packages is edited"
  severity = "medium"
  on       = "write"
  when     = !write.deleted && path_under(write.path, "/var/lib/dpkg/status", "/var/lib/dpkg/info", "/var/lib/rpm", "/lib/apk/db")
  message  = "${write.path} is changed by hand"
  why      = "what the database says is then no longer what is installed"
  fix      = "let the package manager do it; equivs makes empty packages"
  refs     = ["CWE-345", "ATT&CK T1565.001"]
  bad      = ["sed -i 's/^Status: .*/Status: install ok installed/' /var/lib/dpkg/status"]
  good     = ["cp /var/lib/dpkg/status /srv/report/packages.txt"]
}

rule "TAM006" {
  title    = "failure of a check is thrown away"
  severity = "high"
  on       = "verify"
  when     = verify.strength == "ineffective"
  message  = "${command} checks ${verify.object}, and nothing happens when it fails"
  why      = "a check whose result nobody uses is only decoration"
  fix      = "let it end the script: set -e, or `|| exit 1`"
  refs     = ["CWE-754", "CWE-353"]
  bad      = ["echo \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  tool.tgz\" | sha256sum -c - || true"]
  good     = ["echo \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  tool.tgz\" | sha256sum -c - || exit 1"]
}

rule "TAM007" {
  title    = "log goes nowhere"
  severity = "high"
  on       = "write"
  when     = write.by == "ln" && write.source == "/dev/null" && (path_under(write.path, "/var/log", "/run/log") || matches(write.path, "/[.][a-z]*_history$"))
  message  = "${write.path} becomes a link to /dev/null"
  why      = "what happens on the machine leaves no trace"
  fix      = "empty the file once, at the end of the build"
  refs     = ["CWE-778", "ATT&CK T1685", "ATT&CK T1690"]
  bad      = ["ln -sf /dev/null /var/log/auth.log", "ln -sf /dev/null /root/.bash_history"]
  good     = ["ln -sf /dev/stdout /var/log/nginx/access.log", "ln -sf /dev/null /etc/systemd/network/99-default.link"]
}

rule "TAM009" {
  title    = "clock is set by hand"
  severity = "medium"
  on       = "exec"
  when     = (exec.name == "date" && (has_flag(exec, "s", "set") || anytrue([for o in exec.operands : matches(o, "^[0-9]{8,12}([.][0-9]{2})?$")]))) || (exec.name == "timedatectl" && has_arg(exec, "set-time")) || (exec.name == "hwclock" && has_flag(exec, "set"))
  message  = "${command} makes logs and times of files say something else than what was"
  why      = "an order of events that is forged cannot be put right later"
  fix      = "let the clock be set over the network; for reproducible images set SOURCE_DATE_EPOCH"
  refs     = ["CWE-345", "ATT&CK T1070.006"]
  bad      = ["date -s '2020-01-01 00:00'", "date 010100001971", "timedatectl set-time 2020-01-01"]
  good     = ["date +%s", "date -d yesterday +%Y%m%d", "timedatectl set-timezone UTC", "hwclock --hctosys"]
}
