# Where inputs come from, and whether the other end is authenticated.
pack "baseline" {}

rule "SRC001" {
  title    = "server is not authenticated"
  severity = "high"
  on       = "download"
  when     = download.insecure && !is_loopback(download.host)
  message  = "${download.tool} takes ${download.prefix} from whoever answers"
  why      = "who is on the way decides what arrives"
  fix      = "trust the server's certificate authority instead of switching the check off"
  refs     = ["CWE-295", "ATT&CK T1557"]
  bad = [
    "curl -fsSkLO https://dl.example.org/tool.tgz",
    "wget --no-check-certificate https://dl.example.org/tool.tgz",
    "GIT_SSL_NO_VERIFY=1 git clone https://git.example.org/tool.git",
  ]
  good = [
    "curl -k https://localhost:8443/health",
    "curl --cacert /etc/ssl/own-ca.pem -fsSLO https://dl.example.org/tool.tgz",
    "curl -fsSLokay https://dl.example.org/tool.tgz",
  ]
}

rule "SRC002" {
  title    = "check of certificates is switched off for programs"
  severity = "high"
  on       = "env"
  when = ((one_of(env.name, "NODE_TLS_REJECT_UNAUTHORIZED", "PYTHONHTTPSVERIFY", "CARGO_HTTP_SSL_VERIFY") && one_of(env.value, "0", "false")) ||
    (env.name == "GIT_SSL_NO_VERIFY") || /* git asks only whether it is there */
    (one_of(env.name, "npm_config_strict_ssl_false", "CURL_INSECURE", "BUNDLE_SSL_VERIFY_MODE_NONE") && !one_of(env.value, "", "0", "false")) ||
    (matches(env.name, "^(NPM_CONFIG_STRICT_SSL|npm_config_strict_ssl)$") && env.value == "false") ||
    (env.name == "PIP_TRUSTED_HOST" && env.value != "") ||
    (one_of(env.name, "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE") && one_of(env.value, "", "/dev/null")) ||
    (one_of(env.name, "GOINSECURE", "GONOSUMDB", "GONOSUMCHECK") && env.value != "") || (env.name == "GOFLAGS" && matches(env.value, "-insecure")) || (env.name == "GOSUMDB" && env.value == "off"))
  message = "${env.name} switches the check of certificates off"
  why     = "who is on the way decides what arrives"
  fix     = "trust the server's certificate authority instead"
  refs    = ["CWE-295", "ATT&CK T1557"]
  bad     = ["export NODE_TLS_REJECT_UNAUTHORIZED=0", "PYTHONHTTPSVERIFY=0 pip install tool==1.0"]
  good    = ["export NODE_ENV=production", "export REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt"]
}

rule "SRC003" {
  title    = "download without encryption"
  severity = "medium"
  on       = "download"
  when     = one_of(download.scheme, "http", "ftp", "tftp", "git", "rsync") && !download.local && !is_private(download.host)
  message  = "what comes over ${download.scheme} can be read and changed on its way: ${download.prefix}"
  why      = "the network between the build and the server is not under anybody's control"
  fix      = "use https"
  refs     = ["CWE-319", "ATT&CK T1557"]
  bad      = ["wget http://dl.example.org/tool.tgz"]
  good     = ["wget https://dl.example.org/tool.tgz", "curl http://169.254.169.254/latest/meta-data/instance-id"]
}

rule "SRC004" {
  title    = "download from a bare address"
  severity = "high"
  on       = "download"
  when     = download.address && !download.local && !is_private(download.host)
  message  = "${download.host} has no name that could be checked"
  why      = "a bare address belongs to nobody in particular, and no certificate fits it"
  fix      = "use the name of the publisher's host"
  refs     = ["CWE-350", "ATT&CK T1105"]
  bad      = ["curl -fsSLo tool http://203.0.113.9/tool", "wget https://198.51.100.7:8443/tool"]
  good     = ["curl -fsSLo tool https://dl.example.org/tool", "curl http://10.0.0.5/internal.tgz -o internal.tgz"]
}

rule "SRC005" {
  title    = "download from a host where anybody can leave anything"
  severity = "high"
  on       = "download"
  when     = host_in(download.host, param.hosts)
  message  = "${download.host} serves what anonymous people have left there"
  why      = "nobody stands for the content, and it can change or vanish"
  fix      = "keep the file in this repository, or on the publisher's own host"
  refs     = ["CWE-829", "ATT&CK T1608.001", "ATT&CK T1102"]
  params = {
    hosts = ["pastebin.com", ".pastebin.com", "paste.ee", "hastebin.com", "dpaste.org", "ghostbin.com", "transfer.sh", "file.io", "0x0.st", "bit.ly", "tinyurl.com", "t.co", "goo.gl", "is.gd", "ow.ly", "termbin.com", "ix.io", "sprunge.us", "anonfiles.com", "catbox.moe", ".catbox.moe", "temp.sh", "gofile.io", "mediafire.com", ".mediafire.com", "cdn.discordapp.com", "rentry.co", "controlc.com", "git.io"]
  }
  bad  = ["curl -fsSL https://pastebin.com/raw/AbCd1234 -o setup.sh"]
  good = ["curl -fsSL https://pastebin.com.example.org/setup.sh -o setup.sh"]
}

rule "SRC006" {
  title    = "file of a repository by branch"
  severity = "medium"
  on       = "download"
  when     = (one_of(download.host, "raw.githubusercontent.com", "gitlab.com", "bitbucket.org", "codeload.github.com", "github.com") &&
              matches(download.url, "raw[.]githubusercontent[.]com/[^/]+/[^/]+/", "/-?/?raw/", "/(archive|zip|tar[.]gz)/(refs/heads/)?") &&
              !matches(download.url, "/v?[0-9]+[.][0-9]", "/[0-9a-f]{40}([/.?]|$)"))
  message  = "${download.url} is whatever the branch holds today"
  why      = "anybody who may push to the branch decides what arrives"
  fix      = "name a full commit id in the address, and check the digest"
  refs     = ["CWE-1357", "ATT&CK T1195.001"]
  bad      = ["curl -fsSLO https://raw.githubusercontent.com/example/tool/develop/setup.conf"]
  good     = ["curl -fsSLO https://raw.githubusercontent.com/example/tool/4b825dc642cb6eb9a060e54bf8d69288fbee4904/setup.conf"]
}

rule "SRC008" {
  title    = "third-party package source"
  severity = "medium"
  on       = "package"
  when     = package.action == "repository" && (package.url != null || anytrue([for n in package.names : !one_of(n, "universe", "multiverse", "restricted", "main", "contrib", "non-free", "non-free-firmware")]) || length(package.names) == 0)
  message  = "${command} adds a source of packages that stays in the image"
  why      = "its owner can replace any package at the next update"
  fix      = "pin what may come from it, and name it in the listing"
  refs     = ["CWE-829", "ATT&CK T1195.002"]
  bad      = ["add-apt-repository -y ppa:example/tool"]
  good     = ["apt-get update"]
}

rule "SRC009" {
  title    = "certificate authority is added"
  severity = "high"
  on       = "write"
  when     = !write.deleted && path_under(write.path, "/usr/local/share/ca-certificates", "/etc/pki/ca-trust/source", "/usr/share/pki/trust/anchors", "/etc/ca-certificates/trust-source", "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
  message  = "${write.path} makes every program trust another authority"
  why      = "its owner can play any server to every machine of the image"
  fix      = "give the certificate to the one program that needs it"
  refs     = ["CWE-295", "ATT&CK T1553.004"]
  bad      = ["cp corp-ca.crt /usr/local/share/ca-certificates/corp-ca.crt"]
  good     = ["cp corp-ca.crt /etc/app/ca.crt", "update-ca-certificates"]
}

rule "SRC010" {
  title    = "host name that looks like another"
  severity = "medium"
  on       = "download"
  when     = matches(download.host, "(^|[.])xn--", "[^a-z0-9.:_-]", "(^|[.-])(githvb|g1thub|githud|paypa1|microsofl|ubunlu|debain|redhal|d0cker|pypl)[.]")
  message  = "${download.host} is written so that it looks like another name"
  why      = "names with letters of other alphabets are made to be mistaken"
  fix      = "use the publisher's plain name"
  refs     = ["CWE-1007", "ATT&CK T1583.001"]
  bad      = ["curl -fsSLO https://xn--gthub-n4a.com/example/tool.tgz"]
  good     = ["curl -fsSLO https://github.com/example/tool/releases/download/v1.0/tool.tgz"]
}

rule "SRC011" {
  title    = "git does not check servers any more"
  severity = "high"
  on       = "exec"
  when     = exec.name == "git" && has_arg(exec, "config") && any_arg(exec, "[.]ss[lL][vV]erify$") && has_arg(exec, "false", "0", "no", "off")
  message  = "${command} switches the check of certificates off for good"
  why      = "who is on the way decides what is cloned"
  fix      = "set http.sslCAInfo to the authority of the server"
  refs     = ["CWE-295", "ATT&CK T1557"]
  bad      = ["git config --global http.sslVerify false"]
  good     = ["git config --global http.sslVerify true", "git config --global pull.ff false"]
}

rule "SRC012" {
  title    = "download programs do not check servers any more"
  severity = "high"
  on       = "write"
  when     = (!write.deleted && matches(write.path, "/[.]?(curlrc|wgetrc)$") &&
              matches(write.effective, "^[ \t]*(--)?insecure", "^[ \t]*-k", "^[ \t]*check_certificate[ \t]*=[ \t]*(off|no|0)"))
  message  = "${write.path} switches the check of certificates off for everybody"
  why      = "every later download of every user takes what whoever is on the way sends"
  fix      = "remove it"
  refs     = ["CWE-295", "ATT&CK T1557"]
  bad      = ["echo insecure >> /root/.curlrc", "echo 'check_certificate = off' >> /etc/wgetrc"]
  good     = ["echo 'silent' >> /root/.curlrc"]
}

rule "SRC007" {
  title    = "download from a host that nobody has listed"
  severity = "info"
  on       = "download"
  when     = download.host != null && !download.local && !host_in(download.host, param.allowed_hosts)
  message  = "${download.host} is not among the hosts that the publisher has listed"
  why      = "a list of hosts is what a reviewer can check, and what a firewall of the build can enforce"
  fix      = "mirror it, or add the host to allowed_hosts of your profile; info by itself, since the list is yours"
  refs     = ["CWE-829"]
  params = {
    allowed_hosts = [
      ".debian.org", ".ubuntu.com", ".fedoraproject.org", ".centos.org", ".rockylinux.org", ".almalinux.org", ".redhat.com",
      ".opensuse.org", ".suse.com", ".alpinelinux.org", ".archlinux.org", ".amazonlinux.com", ".oracle.com", ".kernel.org",
    ]
  }
  bad  = ["curl -fsSLO https://dl.example.org/tool.tar.gz"]
  good = ["curl -fsSLO https://deb.debian.org/debian/dists/stable/Release", "curl -fsS http://127.0.0.1:8080/health"]
}
