# Inputs that are not pinned, so that the same commit gives another image tomorrow.
pack "baseline" {}

rule "PN001" {
  title    = "system package without a version"
  severity = "low"
  on       = "package"
  when     = (one_of(package.manager, "apt", "yum", "dnf", "zypper", "apk", "pacman", "snap") && package.action == "install" &&
              !package.pinned && package.url == null && package.file == null && length(package.names) > 0)
  message  = "${join(", ", package.names)} installed in whatever version the mirror has"
  why      = "a rebuild of the same commit gives another image, and nobody has reviewed that one"
  fix      = "name the version, or build against a snapshot of the mirror"
  refs     = ["CWE-1357", "CWE-1104"]
  bad      = ["apt-get install -y redis-server"]
  good     = ["apt-get install -y redis-server=5:7.0.15-1~deb12u1", "apt-get update"]
}

rule "PN002" {
  title    = "Python package without a version"
  severity = "medium"
  on       = "package"
  when     = package.manager == "pip" && package.action == "install" && !package.pinned && !package.hashed && package.url == null && package.file == null && length(package.names) > 0
  message  = "${join(", ", package.names)} installed in whatever version the index has"
  why      = "an account of the index that is taken over reaches the image with the next rebuild"
  fix      = "name versions with ==, better with --require-hashes"
  refs     = ["CWE-1357", "ATT&CK T1195.001"]
  bad      = ["pip install flask 'requests>=2'"]
  good     = ["pip install flask==3.0.2 requests==2.32.0", "pip install --require-hashes -r requirements.txt"]
}

rule "PN003" {
  title    = "language package without a version"
  severity = "medium"
  on       = "package"
  when     = one_of(package.manager, "npm", "yarn", "pnpm", "gem", "cargo", "go", "composer", "conda") && package.action == "install" && !package.pinned && !package.hashed && package.url == null && length(package.names) > 0
  message  = "${join(", ", package.names)} installed by ${package.manager} in whatever version there is"
  why      = "an account of the registry that is taken over reaches the image with the next rebuild"
  fix      = "name exact versions, or obey a lock file (npm ci)"
  refs     = ["CWE-1357", "ATT&CK T1195.001"]
  bad      = ["npm install -g pm2"]
  good     = ["npm install -g pm2@5.3.1", "npm ci"]
}

rule "PN004" {
  title    = "upgrade of everything to whatever the mirror has"
  severity = "low"
  on       = "package"
  when     = package.action == "upgrade" && length(package.names) == 0
  message  = "${command} moves every package to the newest version"
  why      = "updates are right for security, but the result depends on the day of the build"
  fix      = "build against a snapshot of the mirror and state its date"
  refs     = ["CWE-1357"]
  bad      = ["apt-get -y dist-upgrade"]
  good     = ["apt-get update"]
}

rule "PN005" {
  title    = "download from a moving address"
  severity = "medium"
  on       = "download"
  when     = !download.pinned && download.tool != "git" && matches(download.url, "^[a-z]+://[^/]+/(.*[/_.=-])?(latest|master|main|HEAD|nightly|trunk|edge)([/_.?-]|$)")
  message  = "${download.url} names no version"
  why      = "the address serves other bytes whenever its owner likes"
  fix      = "name a release, and check its digest"
  refs     = ["CWE-1357", "CWE-494"]
  bad      = ["curl -fsSLo tool.tgz https://dl.example.org/releases/latest/tool.tgz"]
  good     = ["curl -fsSLo tool.tgz https://dl.example.org/releases/v1.4.2/tool.tgz", "curl -fsSLo t.tgz https://main.example.org/v2/t.tgz"]
}

rule "PN006" {
  title    = "container image without a digest"
  severity = "medium"
  on       = "package"
  when     = package.manager == "docker" && one_of(package.action, "pull", "run") && !package.hashed && !matches(command, " (compose|network|volume|secret|config|context|swarm|buildx) ")
  message  = "${command} takes whatever the tag names today"
  why      = "a tag can be moved at any time"
  fix      = "name the image by digest: image@sha256:…"
  refs     = ["CWE-1357", "CWE-829", "ATT&CK T1525"]
  bad      = ["docker pull redis:7"]
  good = [
    "docker pull redis@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "docker network create --attachable app",
  ]
}

rule "PN007" {
  title    = "clone of a moving branch"
  severity = "low"
  on       = "download"
  when     = download.tool == "git" && download.host != null && !download.pinned && !download.local
  message  = "${download.url} is cloned without a full commit id"
  why      = "branches and tags move; what was reviewed is not what is built"
  fix      = "check out a full 40-digit commit id"
  refs     = ["CWE-1357", "ATT&CK T1195.001"]
  bad      = ["git clone --branch v1.2 https://git.example.org/tool.git"]
  good     = ["git -C /srv/tool log -1", "git clone /srv/mirror/tool.git /opt/tool"]
}
