# Accounts, sudo, keys of SSH, PAM.
pack "baseline" {}

rule "ACC001" {
  title    = "preset password"
  severity = "critical"
  on       = "account"
  when     = one_of(account.password, "literal", "hash")
  message  = "${account.tool} gives ${account.name} a password that every machine shares"
  why      = "a published password, or its hash, opens every machine that is started from the image"
  fix      = "lock the password, and let cloud-init create the login"
  refs     = ["CWE-798", "CWE-1392", "ATT&CK T1078.001", "ATT&CK T1136.001"]
  bad = [
    "echo 'root:changeme' | chpasswd",
    "useradd -m -p '$6$abcdefgh$0123456789abcdef' admin",
    "echo secret | passwd --stdin app",
  ]
  good = [
    "passwd -l root",
    "useradd --system --shell /usr/sbin/nologin app",
  ]
}

rule "ACC002" {
  title    = "empty password"
  severity = "high"
  on       = "account"
  when     = account.password == "empty"
  message  = "${account.tool} lets ${account.name} log in without a password"
  why      = "an empty password is a login for everybody as soon as a service accepts it"
  fix      = "lock the account instead: passwd -l"
  refs     = ["CWE-258", "CWE-521", "ATT&CK T1078.001"]
  bad      = ["passwd -d ubuntu", "usermod -p '' ubuntu"]
  good     = ["passwd -l ubuntu", "usermod -L ubuntu"]
}

rule "ACC003" {
  title    = "second account with the rights of root"
  severity = "critical"
  on       = "account"
  when     = account.uid == 0 && account.name != "root"
  message  = "${account.name} gets uid 0"
  why      = "a second name for root escapes every list of administrators"
  fix      = "use sudo with a rule of its own"
  refs     = ["CWE-250", "ATT&CK T1136.001"]
  bad      = ["useradd -o -u 0 -g 0 backup2"]
  good     = ["useradd -u 1000 backup2"]
}

rule "ACC004" {
  title    = "sudo without a password for everything"
  severity = "high"
  on       = "write"
  when     = (path_under(write.path, "/etc/sudoers", "/etc/sudoers.d") && !write.deleted &&
              matches(write.effective, "^[^#]*NOPASSWD[ \t]*:[ \t]*([A-Z]+[ \t]*:[ \t]*)*ALL", "^[^#]*=[^#]*NOPASSWD[ \t]*$", "^[^#]*!authenticate"))
  message  = "${write.path} gives root to a user without asking"
  why      = "who gets that account, through any of its services, is root"
  fix      = "list the commands that are needed, or leave it to cloud-init"
  refs     = ["CWE-250", "ATT&CK T1548.003"]
  bad = [
    "echo 'app ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/app",
    "sed -i 's/%sudo.*/%sudo ALL=(ALL:ALL) NOPASSWD: ALL/' /etc/sudoers",
  ]
  good = [
    "echo 'app ALL=(root) NOPASSWD: /usr/bin/systemctl restart app' > /etc/sudoers.d/app",
    "rm -f /etc/sudoers.d/90-cloud-init-users",
  ]
}

rule "ACC005" {
  title    = "user joins a group that is as good as root"
  severity = "medium"
  on       = "account"
  when     = one_of(account.action, "create", "modify") && matches(account.groups, "^(root|sudo|wheel|admin|docker|lxd|disk|shadow|libvirt|kvm)$")
  message  = "${account.name} joins ${join(", ", account.groups)}"
  why      = "members of these groups become root when they like"
  fix      = "give the user only the rights that it needs"
  refs     = ["CWE-250", "ATT&CK T1098", "ATT&CK T1548"]
  bad      = ["usermod -aG docker app", "useradd -G sudo,users app"]
  good     = ["usermod -aG video app"]
}

rule "ACC006" {
  title    = "authorized key in the image"
  severity = "high"
  on       = "write"
  when     = (!write.deleted && write.final && matches(write.path, "/authorized_keys2?$") && !one_of(write.by, "touch") &&
              !(write.by == "sed" && write.effective == ""))
  message  = "${write.path} lets somebody log in to every machine of this image"
  why      = "the owner of the key keeps access to machines of people who do not know him"
  fix      = "leave keys to the platform's first-boot agent"
  refs     = ["CWE-798", "ATT&CK T1098.004"]
  bad = [
    "echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7b1 admin@example.org' >> /root/.ssh/authorized_keys",
    "curl -fsSL https://keys.example.org/admin.keys -o /home/app/.ssh/authorized_keys",
  ]
  good = [
    "rm -f /root/.ssh/authorized_keys",
    "truncate -s 0 /home/ubuntu/.ssh/authorized_keys",
    "sed -i.bak '/ packer_key$/d' ~/.ssh/authorized_keys; rm ~/.ssh/authorized_keys.bak",
  ]
}

rule "ACC008" {
  title    = "key pair of SSH is made for the image"
  severity = "medium"
  on       = "exec"
  when     = (exec.name == "ssh-keygen" && !has_flag(exec, "A", "R", "F", "l", "y", "H", "e", "i", "p", "Y") &&
              !path_under(flag_value(exec, "f"), "/etc/ssh"))
  message  = "${command} makes a key that every machine of this image will share"
  why      = "a key that all copies have identifies nobody"
  fix      = "make keys at first boot"
  refs     = ["CWE-321", "ATT&CK T1552.004"]
  bad      = ["ssh-keygen -t ed25519 -N '' -f /root/.ssh/id_ed25519"]
  good     = ["ssh-keygen -R git.example.org", "ssh-keygen -lf /tmp/key.pub"]
}

rule "ACC009" {
  title    = "host keys are made for the image"
  severity = "medium"
  on       = "exec"
  when     = ((exec.name == "ssh-keygen" && (has_flag(exec, "A") || path_under(flag_value(exec, "f"), "/etc/ssh")) && !has_flag(exec, "l", "y")) ||
              (exec.name == "dpkg-reconfigure" && has_arg(exec, "openssh-server")))
  message  = "${command} makes host keys that every machine of this image will share"
  why      = "with shared host keys anybody who has the image can play the server"
  fix      = "remove /etc/ssh/ssh_host_* at the end, so that first boot makes new ones"
  refs     = ["CWE-321", "CWE-322", "OCI S01"]
  bad      = ["ssh-keygen -A"]
  good     = ["rm -f /etc/ssh/ssh_host_*", "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"]
}

rule "ACC010" {
  title    = "PAM is weakened"
  severity = "high"
  on       = "write"
  when     = (!write.deleted && ((path_under(write.path, "/etc/pam.d", "/etc/pam.conf", "/usr/share/pam-configs") &&
              matches(write.effective, "^[^#]*auth[ \t]+(sufficient|\\[success=done[^]]*\\])[ \t]+[^ ]*pam_(permit|succeed_if)[.]so", "^[^#]*pam_exec[.]so", "^[^#]*pam_tty_audit[.]so[^#]*log_passw", "^[^#]*(auth|account|session|password)[ \t]+[^#]*[ \t](/tmp|/var/tmp|/dev/shm|/home|/opt|/root|/usr/local)/[^ \t]*[.]so")) ||
              (path_under(write.path, "/etc/pam.d") && write.by == "sed" && matches(write.effective, "^[^#]*pam_unix[.]so.*[ \t]nullok([ \t]|$)")) ||
              (path_under(write.path, "/etc/pam.d") && write.expression != null && matches(write.effective, "pam_permit[.]so"))))
  message  = "${write.path} lets logins through that nobody has authenticated, or runs a program at each"
  why      = "one line in PAM opens every service that authenticates users"
  fix      = "leave PAM to the distribution's tools"
  refs     = ["CWE-287", "ATT&CK T1556.003"]
  bad = [
    "echo 'auth sufficient pam_permit.so' >> /etc/pam.d/sshd",
    "echo 'session required pam_tty_audit.so enable=* log_passwd' >> /etc/pam.d/sshd",
    "sed -i '1s,^,auth sufficient /tmp/q.so\\n,' /etc/pam.d/su",
    "sed -i '1i auth optional pam_exec.so quiet expose_authtok /usr/local/bin/log' /etc/pam.d/common-auth",
  ]
  good = [
    "echo 'auth required pam_faillock.so preauth' >> /etc/pam.d/sshd",
    "echo 'session required pam_tty_audit.so enable=root' >> /etc/pam.d/sshd",
    "sed -i '/pam_exec.so/d' /etc/pam.d/sshd",
  ]
}

rule "ACC011" {
  title    = "login for root or a system account"
  severity = "medium"
  on       = "account"
  when     = ((account.name == "root" && account.action == "unlock") ||
              (account.action == "modify" && is_shell(account.shell) &&
               one_of(account.name, "daemon", "bin", "sys", "nobody", "www-data", "mail", "news", "uucp", "proxy", "backup", "games", "sync", "apache", "nginx", "mysql", "postgres")))
  message  = "${account.name} becomes an account that people can log in to"
  why      = "system accounts have rights that no person should use, and nobody watches them"
  fix      = "keep it locked, and use an account of its own"
  refs     = ["CWE-250", "ATT&CK T1098"]
  bad      = ["usermod -s /bin/bash nobody", "passwd -u root"]
  good     = ["usermod -s /usr/sbin/nologin nobody", "usermod -s /bin/bash deploy"]
}

rule "ACC013" {
  title    = "account files are edited by hand"
  severity = "high"
  on       = "write"
  when = (one_of(write.path, "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow") && !one_of(write.by, "touch") &&
    !(write.by == "sed" && matches(write.effective, "^[^: ]+:[!*]+[^:]*(:|$)")))
  message  = "${write.path} is changed directly"
  why      = "entries made by hand escape the tools that check and log them"
  fix      = "use useradd, usermod, groupadd"
  refs     = ["CWE-269", "ATT&CK T1136.001", "ATT&CK T1098"]
  bad      = ["echo 'app:x:0:0::/root:/bin/sh' >> /etc/passwd", "sed -i 's/^root:[^:]*/root:/' /etc/shadow"]
  good     = ["cp /etc/passwd /var/backups/passwd.copy", "useradd app"]
}

rule "ACC015" {
  title    = "empty password field written by hand"
  severity = "high"
  on       = "write"
  when     = one_of(write.path, "/etc/shadow", "/etc/passwd") && matches(write.effective, "^[^:# ]+::")
  message  = "${write.path} gets an account that needs no password"
  why      = "an empty password is a login for everybody as soon as a service accepts it"
  fix      = "lock the account instead: passwd -l"
  refs     = ["CWE-258", "CWE-521", "ATT&CK T1078.001"]
  bad      = ["sed -i 's/^root:[^:]*:/root::/' /etc/shadow"]
  good     = ["sed -i 's/^root:[^:]*:/root:*:/' /etc/shadow"]
}

rule "ACC014" {
  title    = "password answered for the installer"
  severity = "medium"
  on       = "exec"
  when     = exec.name == "debconf-set-selections" && matches(exec.stdin, "(password|passwd|root-pw|rootpw)(-again|_again)?[ \t]+password[ \t]+[^ \t]")
  message  = "${command} presets a password"
  why      = "every machine of the image has the same password, and it stands in the repository"
  fix      = "make the password at first boot"
  refs     = ["CWE-798", "CWE-1392", "ATT&CK T1078.001"]
  bad      = ["echo 'mysql-server mysql-server/root_password password S3cret12' | debconf-set-selections"]
  good     = ["echo 'tzdata tzdata/Areas select Etc' | debconf-set-selections"]
}

rule "ACC016" {
  title    = "sudo without a password for a program that gives a shell"
  severity = "high"
  on       = "write"
  when = (path_under(write.path, "/etc/sudoers", "/etc/sudoers.d") && !write.deleted &&
    anytrue([for p in param.programs : matches(write.effective, "^[^#]*NOPASSWD[ \t]*:([^#]*[ \t,:])?(/[^ \t,]*)?/${p}([ \t]*(,|$|\\\\)|[ \t][^,#]*[*])")]))
  message = "${write.path} lets a user become root through a program that runs what it is told"
  why     = "editors, pagers, interpreters and package managers start any command, and this one as root"
  fix     = "name a command with its fixed arguments, or a script that only root may write"
  refs    = ["CWE-250", "CWE-269", "ATT&CK T1548.003"]
  params = {
    programs = [
      "((ba|da|k|mk|z|a|c|tc|fi)?sh|busybox|toybox|python[0-9.]*|perl[0-9.]*|ruby[0-9.]*|php[0-9.]*|lua[0-9.]*|node|nodejs|tclsh|expect|[gmn]?awk|sed|ed|jjs|jrunscript|irb|ghc|ghci|julia|R|octave|gimp)",
      "(env|nice|ionice|nohup|timeout|setsid|stdbuf|xargs|find|watch|time|flock|script|screen|tmux|parallel|chroot|unshare|nsenter|setarch|linux32|linux64|taskset|chrt|strace|ltrace|gdb|valgrind|perf|start-stop-daemon|run-parts|systemd-run|capsh|su|sudo|doas|pkexec|runuser|sg|setpriv|ld[.]so|logsave|multitime|softlimit|choom|unbuffer|rlwrap|torify|torsocks|sshpass|aa-exec|cpulimit|dstat|facter|agetty|openvt)",
      "(vim?|rvim|gvim|nvim|view|rview|nano|pico|emacs|ex|joe|mcedit|mc|less|more|most|pg|man|vipw|vigr|visudo|crontab|journalctl|systemctl|service|dmesg|top|htop|iftop|mail|mailx|mutt|ftp|sftp|telnet|ncftp|lftp|w3m|links|lynx|slsh|ranger|latex|tex|pdftex|pdflatex|xetex|luatex|lualatex)",
      "(apt|apt-get|aptitude|dpkg|dpkg-reconfigure|yum|dnf|rpm|rpmdb|rpmquery|zypper|apk|pacman|opkg|snap|flatpak|pip[0-9.]*|easy_install|npm|npx|yarn|pnpm|gem|bundler?|rake|cargo|rustup|composer|cpan|cpanm|poetry|pipx|uv|conda|go|make|cmake|gmake|ninja|scons|gcc|g[+][+]|cc|c[+][+]|autoconf|autoheader|autoreconf|cobc|rustc|ansible|ansible-playbook|ansible-test|puppet|chef-client|salt-call|salt-minion|terraform|vagrant|packer|cdist|certbot|openvpn|wg-quick)",
      "(docker|podman|nerdctl|ctr|crictl|runc|kubectl|lxc|lxd|virsh|qemu-system-[a-z0-9_]+|arch-nspawn|systemd-nspawn|ssh|scp|rsync|git|svn|hg|cvs|bzr|rlogin|sshfs|ssh-agent|ssh-keygen|nmap|tcpdump|tshark|wireshark|socat|nc|ncat|netcat|openssl|wget|curl|aria2c|tftp|mount|umount|losetup|debugfs|fdisk|parted|sqlite3|mysql|mariadb|psql|redis-cli|mongo|mongosh|tar|zip|unzip|7z|cpio|ar|rar|dd|cp|mv|ln|install|tee|chmod|chown|chattr|setfacl|setcap|passwd|chpasswd|useradd|usermod|update-alternatives|insmod|modprobe|kmod|sysctl|at|batch|procmail|exim4?|sendmail|nginx|apache2ctl|httpd|logrotate|rsyslogd|kexec|split|sort|shuf|bpftrace|restic|borg|duplicity|rclone|xdg-user-dir|xdotool|zathura)",
    ]
  }
  bad  = ["echo 'ops ALL=(root) NOPASSWD: /usr/bin/vim, /usr/bin/id' > /etc/sudoers.d/ops", "echo 'ops ALL=NOPASSWD:/usr/bin/find' >> /etc/sudoers", "echo 'ops ALL=(root) NOPASSWD: /usr/bin/rsync -a *' > /etc/sudoers.d/ops"]
  good = ["echo 'ops ALL=(root) NOPASSWD: /usr/bin/systemctl restart app' > /etc/sudoers.d/ops", "echo 'ops ALL=(root) /usr/bin/vim' > /etc/sudoers.d/ops", "echo 'ops ALL=(root) NOPASSWD: /opt/app/bin/reload' > /etc/sudoers.d/ops"]
}

rule "ACC017" {
  title    = "PAM accepts empty passwords"
  severity = "medium"
  on       = "write"
  when     = (path_under(write.path, "/etc/pam.d", "/etc/pam.conf") && !write.deleted && (write.append || write.expression != null) &&
              matches(write.effective, "^[^#]*(pam_unix[.]so.*[ \t])?nullok"))
  message  = "${write.path} lets accounts in that have no password"
  why      = "an account that was left without a password is then open to everybody"
  fix      = "leave nullok out"
  refs     = ["CWE-258", "ATT&CK T1556.003"]
  bad      = ["echo 'auth sufficient pam_unix.so nullok try_first_pass' >> /etc/pam.d/login", "sed -i 's/pam_unix.so/pam_unix.so nullok/' /etc/pam.d/system-auth"]
  good     = ["sed -i 's/ nullok//' /etc/pam.d/system-auth", "echo 'auth required pam_unix.so' >> /etc/pam.d/login"]
}

rule "ACC018" {
  title    = "sudo remembers a password for other terminals or for ever"
  severity = "medium"
  on       = "write"
  when     = (path_under(write.path, "/etc/sudoers", "/etc/sudoers.d") && !write.deleted &&
              matches(write.effective, "^[^#]*(!tty_tickets|timestamp_timeout[ \t]*=[ \t]*-|timestamp_type[ \t]*=[ \t]*global|[^!]visiblepw)"))
  message  = "${write.path} lets a program use a password that was typed for another one"
  why      = "whatever runs as the user waits for the first sudo, and is root from then on"
  fix      = "leave the defaults"
  refs     = ["CWE-613", "ATT&CK T1548.003"]
  bad      = ["echo 'Defaults !tty_tickets' >> /etc/sudoers", "sed -i 's/env_reset/env_reset,timestamp_timeout=-1/' /etc/sudoers"]
  good     = ["echo 'Defaults timestamp_timeout=5' >> /etc/sudoers", "echo 'Defaults !visiblepw' >> /etc/sudoers"]
}

rule "ACC019" {
  title    = "polkit says yes to everybody"
  severity = "medium"
  on       = "write"
  when     = (path_under(write.path, "/etc/polkit-1", "/usr/share/polkit-1", "/var/lib/polkit-1") && !write.deleted &&
              matches(write.effective, "polkit[.]Result[.]YES", "^[ \t]*Result(Any|Active|Inactive)[ \t]*=[ \t]*yes", "<allow_(any|active|inactive)>[ \t]*yes"))
  message  = "${write.path} gives rights of root without asking"
  why      = "who gets any account may use them"
  fix      = "ask for an administrator: auth_admin"
  refs     = ["CWE-250", "ATT&CK T1548"]
  bad      = ["echo 'polkit.addRule(function(a, s) { return polkit.Result.YES; });' > /etc/polkit-1/rules.d/00-app.rules"]
  good     = ["echo 'polkit.addRule(function(a, s) { return polkit.Result.AUTH_ADMIN; });' > /etc/polkit-1/rules.d/00-app.rules"]
}

rule "ACC007" {
  title    = "root's authorized keys come from the network"
  severity = "high"
  on       = "write"
  when     = !write.deleted && write.tainted && matches(write.path, "^(/root|~)/[.]ssh/authorized_keys2?$")
  message  = "what a server says today may log in as root to every machine of this image"
  why      = "whoever controls the account or the server adds a key before the next build, and nobody sees it"
  fix      = "leave keys to the platform's first-boot agent"
  refs     = ["CWE-494", "CWE-798", "ATT&CK T1098.004"]
  bad      = ["curl -fsSL https://github.com/someone.keys >> /root/.ssh/authorized_keys"]
  good     = ["rm -f /root/.ssh/authorized_keys", "curl -fsSL https://github.com/someone.keys -o /srv/keys.txt"]
}

rule "ACC012" {
  title    = "account of the build stays in the image"
  severity = "low"
  on       = "image"
  when = (anytrue([for a in image.accounts : contains(param.build_users, a)]) ||
    (image.login != null && image.login != "root" && !contains(param.platform_users, coalesce(image.login, "-")) &&
     !contains(image.accounts_removed, coalesce(image.login, "-")) && image.deprovisioned != "yes"))
  message  = "the account that the build logged in with, or made for itself, is in the image (${join(", ", image.accounts)})"
  why      = "its password, keys and sudo rule are those of a build and not of the people who start the image"
  fix      = "userdel -r it as the last step, or let the platform's agent do so (waagent -deprovision+user)"
  refs     = ["CWE-1188", "Azure verify_no_pre_exist_users", "ATT&CK T1078.003"]
  params = {
    build_users    = ["packer", "vagrant", "builder", "build", "provision", "provisioner", "ansible"]
    platform_users = ["ubuntu", "debian", "admin", "ec2-user", "centos", "rocky", "almalinux", "fedora", "cloud-user", "opc", "azureuser", "ecs-user", "core"]
  }
  bad  = ["useradd -m packer"]
  good = ["useradd -m packer\nuserdel -r packer", "useradd --system redis"]
}
