# Signatures of packages: switched off, or trusted too widely.
pack "baseline" {}

rule "SG001" {
  title    = "apt installs unauthenticated packages"
  severity = "high"
  on       = "package"
  when     = (package.manager == "apt" &&
              (has_flag(package, "allow-unauthenticated", "force-yes", "allow-downgrade-to-insecure-repositories") ||
               matches(package.flags, "AllowUnauthenticated=[\"']?(true|yes|1|on)")))
  message  = "${command} accepts packages whose signature does not hold"
  why      = "the signature of the repository is all that ties a package to its distributor"
  fix      = "import the repository's key with signed-by, and leave the check on"
  refs     = ["CWE-347", "ATT&CK T1195.002"]
  bad = [
    "apt-get install -y --allow-unauthenticated tool",
    "apt-get -y --force-yes upgrade",
    "apt-get -o APT::Get::AllowUnauthenticated=true install -y tool",
  ]
  good = [
    "apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold tool",
  ]
}

rule "SG002" {
  title    = "apt reads unsigned repositories"
  severity = "high"
  on       = "package"
  when     = (package.manager == "apt" &&
              (has_flag(package, "allow-insecure-repositories") ||
               matches(package.flags, "Allow(Insecure|Weak)Repositories=[\"']?(true|yes|1|on)")))
  message  = "${command} reads package lists that nobody has signed"
  why      = "unsigned lists let anybody on the way offer other packages"
  fix      = "use a signed repository and its key"
  refs     = ["CWE-347", "ATT&CK T1195.002"]
  bad = [
    "apt-get update --allow-insecure-repositories",
    "apt-get -o Acquire::AllowInsecureRepositories=true update",
  ]
  good = [
    "apt-get update --allow-releaseinfo-change",
  ]
}

rule "SG003" {
  title    = "package source is trusted without signature"
  severity = "high"
  on       = "write"
  when     = (path_under(write.path, "/etc/apt") && !write.deleted &&
              matches(write.effective,
                "^deb.*[[ ]((trusted|allow-insecure)[ \t]*=[ \t]*yes)", "^[ \t]*(Trusted|Allow-Insecure)[ \t]*:[ \t]*yes"))
  message  = "${write.path} marks a package source as trusted without signature"
  why      = "with trusted=yes apt installs whatever the server, or somebody on the way, offers"
  fix      = "give the source its key with signed-by"
  refs     = ["CWE-347", "ATT&CK T1195.002"]
  bad = [
    "echo 'deb [trusted=yes] https://apt.example.org stable main' > /etc/apt/sources.list.d/example.list",
    "printf 'Types: deb\\nURIs: https://apt.example.org\\nSuites: stable\\nTrusted: yes\\n' | tee /etc/apt/sources.list.d/example.sources",
  ]
  good = [
    "echo 'deb [signed-by=/etc/apt/keyrings/example.asc] https://apt.example.org stable main' > /etc/apt/sources.list.d/example.list",
    "echo 'deb [arch=amd64 trusted=no] https://apt.example.org stable main' > /etc/apt/sources.list.d/example.list",
  ]
}

rule "SG004" {
  title    = "apt configuration switches authentication off"
  severity = "high"
  on       = "write"
  when     = (path_under(write.path, "/etc/apt/apt.conf.d", "/etc/apt/apt.conf") && !write.deleted &&
              matches(write.effective,
                "Allow(Unauthenticated|InsecureRepositories|WeakRepositories|DowngradeToInsecureRepositories)[ \t]*\"?(true|yes|1|on)",
                "Verify-(Peer|Host)[ \t]*\"?(false|no|0|off)"))
  message  = "${write.path} switches a check of apt off for good"
  why      = "the setting stays in the image and weakens every later update"
  fix      = "leave apt's defaults"
  refs     = ["CWE-347", "CWE-295", "ATT&CK T1195.002"]
  bad = [
    "echo 'APT::Get::AllowUnauthenticated \"true\";' > /etc/apt/apt.conf.d/99auth",
    "echo 'Acquire::https::Verify-Peer \"false\";' >> /etc/apt/apt.conf.d/80ssl",
  ]
  good = [
    "echo 'APT::Install-Recommends \"false\";' > /etc/apt/apt.conf.d/99recommends",
  ]
}

rule "SG005" {
  title    = "yum or dnf installs without checking signatures"
  severity = "high"
  on       = "package"
  when     = (one_of(package.manager, "yum", "dnf") &&
              (has_flag(package, "nogpgcheck", "no-gpgchecks") || matches(package.flags, "^(--setopt=)?([^=]*[.])?(repo_|pkg_|localpkg_)?gpgcheck=(0|no|false|off)")))
  message  = "${command} installs packages whose signature is not checked"
  why      = "the signature is all that ties a package to its distributor"
  fix      = "import the repository's key and leave gpgcheck on"
  refs     = ["CWE-347", "ATT&CK T1195.002"]
  bad = [
    "yum install -y --nogpgcheck tool",
    "dnf -y --setopt=gpgcheck=0 install tool",
  ]
  good = [
    "yum install -y redis.x86_64",
    "dnf -y --setopt=install_weak_deps=0 install tool",
  ]
}

rule "SG006" {
  title    = "rpm installs without checking signatures or digests"
  severity = "high"
  on       = "package"
  when     = package.manager == "rpm" && has_flag(package, "nosignature", "nodigest", "noverify", "nofiledigest")
  message  = "${command} installs a package without its checks"
  why      = "a package that was changed on the way installs as if it were the original"
  fix      = "import the key with rpm --import and leave the checks on"
  refs     = ["CWE-347", "ATT&CK T1195.002"]
  bad      = ["rpm -Uvh --nosignature tool.rpm"]
  good     = ["rpm -Uvh --replacepkgs tool.rpm"]
}

rule "SG007" {
  title    = "apk installs untrusted packages"
  severity = "high"
  on       = "package"
  when     = package.manager == "apk" && has_flag(package, "allow-untrusted")
  message  = "${command} installs packages without a trusted signature"
  why      = "the signature is all that ties a package to its distributor"
  fix      = "put the repository's key into /etc/apk/keys"
  refs     = ["CWE-347", "ATT&CK T1195.002"]
  bad      = ["apk add --allow-untrusted ./tool.apk"]
  good     = ["apk add --no-cache tool"]
}

rule "SG008" {
  title    = "zypper does not check keys"
  severity = "high"
  on       = "package"
  when     = package.manager == "zypper" && has_flag(package, "no-gpg-checks", "gpg-auto-import-keys", "allow-unsigned-rpm")
  message  = "${command} accepts packages or keys that nobody has checked"
  why      = "a key that is imported because it was offered authenticates nothing"
  fix      = "import the repository's key from this repository with rpm --import"
  refs     = ["CWE-347", "ATT&CK T1195.002"]
  bad      = ["zypper --no-gpg-checks install -y tool"]
  good     = ["zypper --non-interactive install tool"]
}

rule "SG009" {
  title    = "dpkg is told to ignore problems"
  severity = "medium"
  on       = "exec"
  when     = one_of(exec.name, "dpkg", "apt", "apt-get") && any_arg(exec, "--force-(all|bad-verify|bad-path|bad-version|overwrite-diverted|remove-essential|architecture|depends-version)")
  message  = "${command} overrides checks of dpkg"
  why      = "a package that failed its verification, or does not fit, is installed all the same"
  fix      = "solve what dpkg complains about; only --force-conf* is harmless"
  refs     = ["CWE-347", "CWE-754"]
  bad      = ["dpkg --force-all -i tool.deb"]
  good     = ["dpkg --force-confold -i tool.deb", "apt-get -o Dpkg::Options::=--force-confdef -y upgrade"]
}

rule "SG010" {
  title    = "pip trusts an unauthenticated index"
  severity = "high"
  on       = "exec"
  when     = ((matches(exec.name, "^pip[0-9.]*$") || (matches(exec.name, "^python[0-9.]*$") && has_arg(exec, "pip"))) &&
              (has_flag(exec, "trusted-host") ||
               anytrue([for f in ["index-url", "extra-index-url", "find-links"] : matches(flag_value(exec, f), "^http://")]) ||
               matches(flag_value(exec, "i"), "^http://")))
  message  = "${command} takes packages from an index without authentication"
  why      = "who is on the way can exchange every package, and its setup script runs as root"
  fix      = "use https, and --require-hashes with a file kept in this repository"
  refs     = ["CWE-295", "CWE-319", "ATT&CK T1195.001"]
  bad = [
    "pip install --trusted-host pypi.example.org tool==1.0",
    "pip3 install -i http://pypi.example.org/simple tool==1.0",
  ]
  good = [
    "pip install --index-url https://pypi.example.org/simple tool==1.0",
  ]
}

rule "SG017" {
  title    = "index of packages is trusted without authentication for good"
  severity = "high"
  on       = "write"
  when     = ((matches(write.path, "/(pip[.]conf|pip/pip[.]conf)$") && matches(write.effective, "^[ \t]*trusted-host[ \t]*=", "^[ \t]*(extra-)?index-url[ \t]*=[ \t]*http://")) ||
              (matches(write.path, "/([.]npmrc|npmrc|[.]yarnrc([.]yml)?)$") && matches(write.effective, "^[ \t]*strict-ssl[ \t]*[= ][ \t]*false", "^[ \t]*(@[^ :]+:)?registry[ \t]*[= ][ \t]*http://")) ||
              (matches(write.path, "/([.]gemrc|gemrc)$") && matches(write.effective, ":ssl_verify_mode:[ \t]*0", "^[ \t]*-[ \t]*http://")))
  message  = "${write.path} lets every later installation take packages from whoever answers"
  why      = "who answers in the name of the server decides what is installed"
  fix      = "use https with a certificate that the system knows"
  refs     = ["CWE-295", "CWE-319"]
  bad      = ["printf '[global]\\ntrusted-host = pypi.example.org\\n' > /etc/pip.conf"]
  good     = ["printf '[global]\\ntimeout = 60\\n' > /etc/pip.conf"]
}

rule "SG018" {
  title    = "language packages without encryption"
  severity = "high"
  on       = "exec"
  when     = one_of(exec.name, "gem", "npm", "yarn", "pnpm", "cargo", "composer", "bundle") && has_arg(exec, "install", "add", "i", "ci", "require", "config") && any_arg(exec, "^http://", "^--(registry|source|index|clear-sources)=http://")
  message  = "${command} takes packages from whoever answers for the server"
  why      = "nothing authenticates what arrives, and its install scripts are run"
  fix      = "use https"
  refs     = ["CWE-319", "CWE-494"]
  bad      = ["gem install tool --source http://gems.example.org"]
  good     = ["gem install tool --source https://gems.example.org -v 1.2.3"]
}

rule "SG011" {
  title    = "npm does not authenticate its registry"
  severity = "medium"
  on       = "exec"
  when     = (one_of(exec.name, "npm", "yarn", "pnpm") &&
              (any_arg(exec, "^--?strict-ssl=false$") || has_flag(exec, "no-strict-ssl") ||
               (any_arg(exec, "^strict-ssl(=false)?$") && any_arg(exec, "false")) ||
               matches(flag_value(exec, "registry"), "^http://")))
  message  = "${command} switches the check of the registry off"
  why      = "who is on the way can exchange packages, and their install scripts run at once"
  fix      = "trust the registry's certificate instead, and use npm ci with a lock file"
  refs     = ["CWE-295", "ATT&CK T1195.001"]
  bad = [
    "npm config set strict-ssl false",
    "npm install --strict-ssl=false tool@1.0.0",
  ]
  good = [
    "npm config set strict-ssl true",
    "npm ci",
  ]
}

rule "SG012" {
  title    = "pacman does not check signatures"
  severity = "high"
  on       = "write"
  when     = (path_under(write.path, "/etc/pacman.conf", "/etc/pacman.d") &&
              matches(write.effective, "SigLevel[ \t]*=.*(Never|TrustAll)"))
  message  = "${write.path} switches signatures of packages off"
  why      = "the setting stays in the image and weakens every later update"
  fix      = "use pacman-key to trust the key that is needed"
  refs     = ["CWE-347", "ATT&CK T1195.002"]
  bad = [
    "sed -i 's/^SigLevel.*/SigLevel = Never/' /etc/pacman.conf",
  ]
  good = [
    "sed -i 's/^SigLevel *= *Never/SigLevel = Required DatabaseOptional/' /etc/pacman.conf",
  ]
}

rule "SG013" {
  title    = "key is trusted for every repository"
  severity = "medium"
  on       = "exec"
  when     = exec.name == "apt-key" && has_arg(exec, "add", "adv")
  message  = "${command} trusts a key for all package sources"
  why      = "the owner of the key can sign packages in the name of the distribution"
  fix      = "put the key into /etc/apt/keyrings and name it with signed-by"
  refs     = ["CWE-347", "ATT&CK T1553"]
  bad = [
    "curl -fsSL https://apt.example.org/key.asc | apt-key add -",
    "apt-key adv --keyserver hkp://keys.example.org --recv-keys 9DC858229FC7DD38854AE2D88D81803C0EBFCD88",
  ]
  good = [
    "apt-key list",
    "install -m 0644 key.asc /etc/apt/keyrings/example.asc",
  ]
}

rule "SG014" {
  title    = "repository key comes from the network unchecked"
  severity = "medium"
  on       = "write"
  when     = write.tainted && write.verified != "strong" && path_under(write.path, "/usr/share/keyrings", "/etc/apt/keyrings", "/etc/apt/trusted.gpg.d", "/etc/pki/rpm-gpg", "/etc/apk/keys")
  message  = "${write.path} is a key that was downloaded and compared with nothing"
  why      = "who can exchange the key can sign everything that it is meant to protect"
  fix      = "keep the key, or its fingerprint, in this repository and compare"
  refs     = ["CWE-345", "ATT&CK T1195.002"]
  bad = [
    "curl -fsSLo /etc/apt/keyrings/example.asc https://apt.example.org/key.asc",
    "wget -qO- https://apt.example.org/key.gpg > /usr/share/keyrings/example.gpg",
  ]
  good = [
    "cp example.asc /etc/apt/keyrings/example.asc",
    "curl -fsSLo /srv/www/key.asc https://apt.example.org/key.asc",
  ]
}

rule "SG015" {
  title    = "key is fetched by its short id"
  severity = "medium"
  on       = "exec"
  when     = (matches(exec.name, "^(gpg2?|apt-key|pacman-key)$") &&
              ((any_arg(exec, "^--recv(-keys?)?$|^-r$") && anytrue([for o in exec.operands : matches(o, "^(0x)?[0-9A-Fa-f]{8}([0-9A-Fa-f]{8})?$")])) ||
               matches(flag_value(exec, "trust-model"), "^always$")))
  message  = "${command} does not tie the key to its owner"
  why      = "keys with a chosen short id are made in seconds"
  fix      = "name the full fingerprint of 40 digits"
  refs     = ["CWE-345", "CWE-347"]
  bad      = ["gpg --keyserver hkps://keys.example.org --recv-keys 0EBFCD88"]
  good     = ["gpg --keyserver hkps://keys.example.org --recv-keys 9DC858229FC7DD38854AE2D88D81803C0EBFCD88"]
}

rule "SG016" {
  title    = "repository file switches gpgcheck off"
  severity = "high"
  on       = "write"
  when     = (path_under(write.path, "/etc/yum.repos.d", "/etc/yum.conf", "/etc/dnf", "/etc/zypp/repos.d", "/etc/tdnf") && !write.deleted &&
              matches(write.effective, "^[ \t]*(repo_|pkg_|localpkg_)?gpgcheck[ \t]*=[ \t]*(0|no|false|off)"))
  message  = "${write.path} switches signatures of packages off"
  why      = "the setting stays in the image and weakens every later update"
  fix      = "name the key with gpgkey= and keep gpgcheck=1"
  refs     = ["CWE-347", "ATT&CK T1195.002"]
  bad = [
    <<-EOT
      cat > /etc/yum.repos.d/example.repo <<'EOF'
      [example]
      name=example
      baseurl=https://rpm.example.org
      gpgcheck=0
      EOF
    EOT
    ,
    "sed -i 's/gpgcheck=1/gpgcheck=0/' /etc/yum.repos.d/base.repo",
  ]
  good = [
    "sed -i 's/gpgcheck=0/gpgcheck=1/' /etc/yum.repos.d/base.repo",
    <<-EOT
      cat > /etc/yum.repos.d/example.repo <<'EOF'
      [example]
      baseurl=https://rpm.example.org
      gpgcheck=1
      #gpgcheck=0
      EOF
    EOT
  ]
}

rule "SG020" {
  title    = "package manager does not authenticate its servers"
  severity = "high"
  on       = "package"
  when     = matches(package.flags, "^(--setopt=)?([^= ]*[.])?ssl_?verify=(0|[Ff]alse|[Nn]o|[Oo]ff)$", "^Acquire::https::[^= ]*Verify-(Peer|Host)=(\"?false|\"?0|\"?no)")
  message  = "${command} takes lists and packages from whoever answers"
  why      = "who is on the way decides what is offered, and the setting may stay in the image"
  fix      = "trust the server's certificate authority instead: sslcacert"
  refs     = ["CWE-295", "ATT&CK T1557"]
  bad      = ["dnf config-manager --setopt=sslverify=0 --save", "yum-config-manager --save --setopt=base.sslverify=false", "dnf-config-manager --setopt=sslverify=No --save", "apt-get -o Acquire::https::Verify-Peer=false update"]
  good     = ["dnf config-manager --setopt=sslverify=1 --save", "yum-config-manager --save --setopt=proxy=http://proxy.example.org", "yum install -y --setopt=install_weak_deps=False jq"]
}
