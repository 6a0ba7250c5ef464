# Remote code: what comes from the network and ends where it is run.
pack "baseline" {}

rule "RX001" {
  title    = "downloaded code runs unverified"
  severity = "critical"
  on       = "flow"
  when     = (flow.from == "network" && one_of(flow.to, "interpreter", "executable") && flow.file == null &&
              one_of(flow.verified, "none", "ineffective"))
  message  = "${flow.url} is run by ${flow.sink} without a digest or signature check"
  why      = "whoever controls the server, or the way to it, decides what runs as root in the image"
  fix      = "download to a file, check it against a digest kept in this repository, then run it"
  refs     = ["CWE-494", "CWE-829", "ATT&CK T1105", "ATT&CK T1059.004"]
  bad = [
    "curl -fsSL https://get.example.org/install.sh | sh",
    "wget -qO- https://get.example.org/install.sh | sudo bash -s -- --yes",
    "bash -c \"$(curl -fsSL https://get.example.org/install.sh)\"",
    "$(curl -fsSL https://get.example.org/command)",
  ]
  good = [
    <<-EOT
      set -e
      curl -fsSLo install.sh https://get.example.org/install.sh
      echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  install.sh" | sha256sum -c -
      sh install.sh
    EOT
    ,
    "curl -fsSL https://api.example.org/status | grep -q healthy",
  ]
}

rule "RX002" {
  title    = "downloaded text is evaluated"
  severity = "critical"
  on       = "flow"
  when     = (flow.from == "network" && flow.to == "eval" &&
              one_of(flow.verified, "none", "ineffective"))
  message  = "${flow.url} is evaluated by ${flow.sink}"
  why      = "the text becomes part of the running script, with everything that the script may do"
  fix      = "download to a file, check its digest, then source it"
  refs     = ["CWE-95", "CWE-494", "ATT&CK T1059.004"]
  bad = [
    "eval \"$(curl -fsSL https://get.example.org/env.sh)\"",
  ]
  good = [
    "eval \"$(dircolors -b)\"",
    "eval \"$(ssh-agent -s)\"",
  ]
}

rule "RX003" {
  title    = "downloaded text is sourced"
  severity = "critical"
  on       = "flow"
  when     = (flow.from == "network" && flow.to == "source" &&
              one_of(flow.verified, "none", "ineffective"))
  message  = "${flow.url} is sourced by the script without a digest or signature check"
  why      = "a sourced file runs in the shell of the script and can redefine every later command"
  fix      = "keep the file in the repository, or check its digest before it is sourced"
  refs     = ["CWE-494", "CWE-829", "ATT&CK T1059.004"]
  bad = [
    "source <(curl -fsSL https://get.example.org/functions.sh)",
    <<-EOT
      wget -O /tmp/functions.sh https://get.example.org/functions.sh
      . /tmp/functions.sh
    EOT
  ]
  good = [
    ". /etc/os-release",
  ]
}

rule "RX004" {
  title    = "downloaded file is executed unverified"
  severity = "critical"
  on       = "flow"
  when     = (flow.from == "network" && one_of(flow.to, "interpreter", "executable") &&
              flow.file != null && flow.tool != "git" && flow.verified == "none")
  message  = "${flow.file} comes from ${flow.url} and is run by ${flow.sink} without a check"
  why      = "a file that was only stored for a moment is as foreign as one that is piped"
  fix      = "check the file against a digest kept in this repository before it is run"
  refs     = ["CWE-494", "ATT&CK T1105", "ATT&CK T1204.002"]
  bad = [
    <<-EOT
      curl -fsSLo /tmp/setup https://get.example.org/setup
      chmod +x /tmp/setup
      /tmp/setup
    EOT
    ,
    <<-EOT
      wget https://get.example.org/setup.py
      python3 setup.py
    EOT
  ]
  good = [
    <<-EOT
      set -e
      curl -fsSLo /tmp/setup https://get.example.org/setup
      echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  /tmp/setup" | sha256sum -c
      chmod +x /tmp/setup
      /tmp/setup
    EOT
    ,
    <<-EOT
      curl -fsSLo /tmp/list.txt https://get.example.org/list.txt
      wc -l /tmp/list.txt
    EOT
  ]
}

rule "RX005" {
  title    = "downloaded archive is unpacked into the system unverified"
  severity = "high"
  on       = "flow"
  when     = flow.from == "network" && flow.to == "archive" && flow.tool != "git" && flow.verified == "none"
  message  = "an archive from ${flow.url} is unpacked by ${flow.sink} without a check"
  why      = "the members of the archive become programs and configuration of the image"
  fix      = "check the archive against a digest kept in this repository before it is unpacked"
  refs     = ["CWE-494", "ATT&CK T1195.002"]
  bad = [
    "curl -fsSL https://dl.example.org/tool.tar.gz | tar -xz -C /usr/local",
    <<-EOT
      wget -O /tmp/tool.tgz https://dl.example.org/tool.tgz
      tar -C /usr/local/bin -xzf /tmp/tool.tgz
    EOT
  ]
  good = [
    <<-EOT
      set -e
      wget -O /tmp/tool.tgz https://dl.example.org/tool.tgz
      echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  /tmp/tool.tgz" | sha256sum -c -
      tar -C /usr/local/bin -xzf /tmp/tool.tgz
    EOT
    ,
    "tar -C /usr/local -xzf /srv/local.tgz",
    "git clone https://git.example.org/docs.git /opt/docs",
  ]
}

rule "RX006" {
  title    = "downloaded package is installed unverified"
  severity = "high"
  on       = "flow"
  when     = (flow.from == "network" && flow.to == "package" && flow.verified == "none" &&
              one_of(flow.sink, param.managers))
  message  = "a package from ${flow.url} is installed by ${flow.sink} without a check"
  why      = "a package file brings scripts that run as root, and no repository signature covers it"
  fix      = "check the file against a digest kept in this repository, or use a signed repository"
  refs     = ["CWE-494", "CWE-347", "ATT&CK T1195.002"]
  params = {
    managers = ["dpkg", "rpm", "apt", "apt-get", "yum", "dnf", "microdnf", "tdnf", "zypper", "apk", "pacman", "gdebi", "snap", "msiexec", "wusa", "Add-AppxPackage", "Add-AppxProvisionedPackage"]
  }
  bad = [
    <<-EOT
      wget https://dl.example.org/agent_1.0_amd64.deb
      dpkg -i agent_1.0_amd64.deb
    EOT
    ,
    "rpm -Uvh https://dl.example.org/agent-1.0.x86_64.rpm",
  ]
  good = [
    <<-EOT
      set -e
      wget https://dl.example.org/agent_1.0_amd64.deb
      echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  agent_1.0_amd64.deb" | sha256sum -c -
      dpkg -i agent_1.0_amd64.deb
    EOT
    ,
    "apt-get install -y redis-server",
  ]
}

rule "RX007" {
  title    = "download is checked only against its own server"
  severity = "medium"
  on       = "flow"
  when     = flow.from == "network" && flow.verified == "weak"
  message  = "the check of what comes from ${flow.url} is weak: ${flow.reason}"
  why      = "who can exchange the file can exchange the digest beside it; a broken hash proves nothing"
  fix      = "keep a SHA-256 digest, or the key of the signature, in this repository"
  refs     = ["CWE-345", "CWE-328", "ATT&CK T1195.002"]
  bad = [
    <<-EOT
      set -e
      curl -fsSLO https://dl.example.org/tool
      curl -fsSLO https://dl.example.org/tool.sha256
      sha256sum -c tool.sha256
      chmod +x tool
      ./tool
    EOT
  ]
  good = [
    <<-EOT
      set -e
      curl -fsSLO https://dl.example.org/tool
      echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  tool" | sha256sum -c -
      chmod +x tool
      ./tool
    EOT
  ]
}

rule "RX008" {
  title    = "check of a download has no effect"
  severity = "high"
  on       = "flow"
  # A check whose failure is ignored is found where it stands, by TAM006; of what is only put away
  # nothing more is known.
  when = (flow.from == "network" && flow.file != null && flow.verified == "ineffective" &&
    !(flow.reason == "ignored" && one_of(flow.to, "archive", "installed")))
  message  = "the check of ${flow.file} does not stop ${flow.sink} from running it: ${flow.reason}"
  why      = "a check whose failure is thrown away, or that comes too late, is only decoration"
  fix      = "let a failed check end the script: set -e, or `|| exit 1`, before the file is used"
  refs     = ["CWE-353", "CWE-754", "ATT&CK T1195.002"]
  bad = [
    <<-EOT
      curl -fsSLo tool https://dl.example.org/tool
      echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  tool" | sha256sum -c - || true
      sh tool
    EOT
  ]
  good = [
    <<-EOT
      curl -fsSLo tool https://dl.example.org/tool
      echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  tool" | sha256sum -c - || exit 1
      sh tool
    EOT
    ,
    <<-EOT
      set -e
      curl -fsSLo /tmp/tool.tgz https://dl.example.org/v1.2/tool.tgz
      echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  /tmp/tool.tgz" | sha256sum -c -
      tar -xzf /tmp/tool.tgz -C /usr/local/bin
    EOT
  ]
}

rule "RX009" {
  title    = "code of a moving branch is executed"
  severity = "high"
  on       = "flow"
  when     = (flow.from == "network" && flow.tool == "git" && flow.verified == "none" &&
              one_of(flow.to, "interpreter", "executable", "source", "package"))
  message  = "${flow.url} is cloned without a full commit id and ${flow.file} is run"
  why      = "a branch or tag can be moved at any time, so the build runs what its owner likes"
  fix      = "check out a full 40-digit commit id before anything of the clone is run"
  refs     = ["CWE-494", "CWE-829", "ATT&CK T1195.001"]
  bad = [
    <<-EOT
      git clone https://git.example.org/tool.git /opt/tool
      /opt/tool/install.sh
    EOT
    ,
    "git clone https://git.example.org/tool.git && cd tool && make install",
    "git clone https://git.example.org/tool.git && pip install ./tool",
  ]
  good = [
    <<-EOT
      set -e
      git clone https://git.example.org/tool.git /opt/tool
      git -C /opt/tool checkout 4b825dc642cb6eb9a060e54bf8d69288fbee4904
      /opt/tool/install.sh
    EOT
    ,
    "git clone https://git.example.org/docs.git /opt/docs",
  ]
}

rule "RX010" {
  title    = "language package from a URL without a hash"
  severity = "high"
  on       = "package"
  when     = (one_of(package.manager, "pip", "npm", "yarn", "pnpm", "gem", "cargo", "go") &&
              package.action == "install" && package.url != null && !package.pinned && !package.hashed)
  message  = "${package.manager} installs from ${package.url} without commit or hash"
  why      = "the install scripts of the package run during the build, whatever the URL serves today"
  fix      = "name a full commit id, or install a released version with hashes"
  refs     = ["CWE-494", "CWE-829", "ATT&CK T1195.001"]
  bad = [
    "pip install git+https://git.example.org/team/tool.git",
    "pip3 install https://dl.example.org/tool-main.zip",
  ]
  good = [
    "pip install tool==1.4.2",
    "pip install git+https://git.example.org/team/tool.git@4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  ]
}

rule "RX011" {
  title    = "code from a raw connection is executed"
  severity = "critical"
  on       = "flow"
  when     = (flow.from == "network" && flow.verified != "strong" &&
              one_of(flow.tool, "nc", "ncat", "netcat", "socat", "ftp", "tftp", "/dev/tcp", "telnet") &&
              one_of(flow.to, "interpreter", "executable", "source", "eval"))
  message  = "${flow.sink} runs what arrives over ${flow.tool}"
  why      = "a raw connection authenticates nobody; this is how implants fetch their second stage"
  fix      = "fetch it over https to a file and check its digest"
  refs     = ["CWE-494", "CWE-319", "ATT&CK T1095", "ATT&CK T1105"]
  bad = [
    "nc build.example.org 4444 | sh",
    "bash < /dev/tcp/203.0.113.9/8080",
  ]
  good = [
    "nc -z db.example.org 5432",
  ]
}

rule "RX012" {
  title    = "container with power over the machine from a mutable tag"
  severity = "high"
  on       = "exec"
  when     = (one_of(exec.name, "docker", "podman", "nerdctl") && has_arg(exec, "run", "create") &&
              !any_arg(exec, "@sha256:[0-9a-f]{64}") &&
              (has_flag(exec, "privileged") || any_arg(exec, "^(--volume=|-v=?)?/(var/run/docker[.]sock|run/docker[.]sock|etc|root|usr|var|boot|dev)?/?:") ||
               any_arg(exec, "^--(pid|userns)=host$")))
  message  = "${command} gives a container of a mutable tag power over the machine"
  why      = "with the host's files or all capabilities the image of the container is code run as root"
  fix      = "name the image by digest and give it only what it needs"
  refs     = ["CWE-829", "CWE-250", "ATT&CK T1610", "ATT&CK T1611"]
  bad = [
    "docker run --rm --privileged example/setup:latest",
    "docker run -v /:/host example/setup",
  ]
  good = [
    "docker run --rm -v cache:/cache -p 80:80 --network=host example/app:1.2",
    "docker run --privileged example/setup@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  ]
}

rule "RX013" {
  title    = "configuration module from outside without a version"
  severity = "medium"
  on       = "exec"
  when     = ((exec.name == "ansible-galaxy" && has_arg(exec, "install") && !has_flag(exec, "r", "requirements-file", "role-file") &&
               !any_arg(exec, "[^ ][,:=]+v?[0-9]+[.]|,[0-9a-f]{40}$")) ||
              (exec.name == "ansible-pull" && !any_arg(exec, "^[0-9a-f]{40}$")) ||
              (exec.name == "puppet" && has_arg(exec, "module") && has_arg(exec, "install") && !has_flag(exec, "version")) ||
              (exec.name == "terraform" && has_arg(exec, "init") && has_flag(exec, "upgrade")))
  message  = "${command} takes the newest version of foreign code"
  why      = "a module runs with the rights of the tool that applies it"
  fix      = "name an exact version, or keep a requirements file with versions in this repository"
  refs     = ["CWE-1357", "CWE-829", "ATT&CK T1195.001"]
  bad = [
    "ansible-galaxy install geerlingguy.nginx",
    "ansible-pull -U https://git.example.org/site.git site.yml",
  ]
  good = [
    "ansible-galaxy install geerlingguy.nginx,3.2.0",
    "ansible-galaxy install -r requirements.yml",
  ]
}

rule "RX015" {
  title    = "downloaded program is installed unverified"
  severity = "medium"
  on       = "flow"
  when     = flow.from == "network" && flow.to == "installed" && flow.verified == "none"
  message  = "${flow.file} is a program from ${flow.url} that nothing has checked"
  why      = "nobody runs it during the build, but every user of the image will"
  fix      = "check the file against a digest kept in this repository"
  refs     = ["CWE-494", "ATT&CK T1195.002"]
  bad = [
    "curl -fsSLo /usr/local/bin/kubectl https://dl.example.org/v1.30.0/kubectl",
  ]
  good = [
    <<-EOT
      set -e
      curl -fsSLo /usr/local/bin/kubectl https://dl.example.org/v1.30.0/kubectl
      echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  /usr/local/bin/kubectl" | sha256sum -c -
    EOT
    ,
    "curl -fsSLo /srv/www/banner.png https://dl.example.org/banner.png",
  ]
}

rule "RX016" {
  title    = "program in another language fetches code and runs it"
  severity = "high"
  on       = "exec"
  when = (is_interpreter(exec.name) && !is_shell(exec.name) &&
    matches([command, exec.stdin], "urlopen|urlretrieve|urllib|requests[.](get|post|[Ss]ession)|http[.]client|LWP::|HTTP::Tiny|Net::HTTP|open-uri|URI[.]open|file_get_contents[(].?.?https?:|https?[.]get[(]|fetch[(].?.?https?:") &&
    matches([command, exec.stdin], "(^|[^a-zA-Z_.])(exec|eval|system|popen|qx)[ (]|os[.](system|popen|exec)|subprocess|child_process|instance_eval|shell_exec|passthru|import_module|runpy"))
  message = "${exec.name} runs what it has fetched"
  why     = "what is served tomorrow runs as root in the image, and the shell around it shows nothing of it"
  fix     = "download to a file, check it against a digest kept in this repository, then run it"
  refs    = ["CWE-494", "CWE-829", "ATT&CK T1059.006", "ATT&CK T1105"]
  bad     = ["python3 -c 'import urllib.request; exec(urllib.request.urlopen(\"https://get.example.org/x.py\").read())'", "perl -MLWP::Simple -e 'use LWP::Simple; eval get(\"https://get.example.org/x.pl\")'"]
  good    = ["python3 -c 'import urllib.request; print(urllib.request.urlopen(\"https://example.org/v\").status)'", "python3 -c 'import subprocess; subprocess.run([\"ls\"])'"]
}

rule "RX014" {
  title    = "script of the image runs what it fetches"
  severity = "high"
  on       = "flow"
  when     = flow.from == "network" && flow.to == "kept" && flow.verified == "none"
  message  = "${flow.url} is run by ${flow.sink} unchecked as soon as somebody runs ${flow.script}"
  why      = "the build does not run the script, so no record of it shows what arrives; the machines of the image run it"
  fix      = "check what is fetched against a digest that stands in the script, or fetch it during the build"
  refs     = ["CWE-494", "CWE-829", "ATT&CK T1105"]
  bad = [
    <<-EOT
      cat > /usr/local/bin/update-app <<'EOF'
      #!/bin/sh
      curl -fsSL https://get.example.org/app.sh | sh
      EOF
      chmod 755 /usr/local/bin/update-app
    EOT
  ]
  good = [
    <<-EOT
      cat > /usr/local/bin/update-app <<'EOF'
      #!/bin/sh
      set -e
      curl -fsSLo /run/app.sh https://get.example.org/app.sh
      echo '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  /run/app.sh' | sha256sum -c -
      sh /run/app.sh
      EOF
    EOT
  ]
}
