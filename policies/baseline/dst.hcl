# Destruction.
pack "baseline" {}

rule "DST001" {
  title    = "whole system directory is removed"
  severity = "high"
  on       = "exec"
  when = ((exec.name == "rm" && has_flag(exec, "r", "R", "recursive") &&
           anytrue([for o in concat(exec.operands, exec.if_unset) : matches(o, "^/+([*]|[.]|[.][*])?$", "^/(bin|boot|dev|etc|home|lib|lib64|opt|proc|root|run|sbin|srv|sys|usr|var|usr/(bin|lib|sbin|share|local)|var/lib)/?[*]?$") && !matches(o, "^/(home|root|opt|srv|run)/?[*]$|^/(home|opt|srv)/?$")])) ||
          (exec.name == "find" && any_arg(exec, "^/$") && (any_arg(exec, "^-delete$") || (any_arg(exec, "^-exec(dir)?$") && any_arg(exec, "^rm$"))) &&
           !any_arg(exec, "^-(i?name|i?path|i?regex|newer.*|[amc]time|[amc]min|size|user|group|perm|empty|inum|samefile|nouser|nogroup)$")))
  message  = "${command} destroys the system"
  why      = "either the image is broken, or somebody means to break it"
  fix      = "name what is to be removed"
  refs     = ["CWE-73", "ATT&CK T1485"]
  bad = [
    "rm -rf /",
    "rm -rf --no-preserve-root /*",
    "rm -fr /etc",
    "rm -rf \"$APP_HOME\"/",
    "find / -xdev -delete",
  ]
  good = [
    "rm -rf /var/lib/apt/lists/*",
    "rm -rf /tmp/build",
    "rm -rf /root/*",
    "rm -rf \"$${APP_HOME:?}\"/",
    "set -u\nrm -rf \"$APP_HOME\"/",
    "find / -name '*.pyc' -delete",
  ]
}

rule "DST002" {
  title    = "disk is overwritten"
  severity = "high"
  on       = "exec"
  when     = ((exec.name == "dd" && any_arg(exec, "^of=/dev/(sd|vd|xvd|hd|nvme|mmcblk|dm-|mapper/)")) ||
              (one_of(exec.name, "wipefs", "blkdiscard", "shred") && anytrue([for o in exec.operands : matches(o, "^/dev/(sd|vd|xvd|hd|nvme|mmcblk)")])) ||
              (matches(exec.name, "^(mkfs([.].*)?|mke2fs|mkswap)$") && anytrue([for o in exec.operands : matches(o, "^/dev/(sd|vd|xvd|hd|nvme|mmcblk|dm-|mapper/)")])) ||
              anytrue([for r in exec.redirects : one_of(r.op, ">", ">|") && matches(r.path, "^/dev/(sd|vd|xvd|hd|nvme|mmcblk)")]))
  message  = "${command} overwrites a disk"
  why      = "what is on the disk is lost, and what is written is no file that anybody audits"
  fix      = "write zeros to a file on the file system and remove it, when space is to be given back"
  refs     = ["CWE-73", "ATT&CK T1561.001"]
  bad      = ["dd if=payload.img of=/dev/vda bs=1M", "mkfs.ext4 -F /dev/sda1"]
  good     = ["dd if=/dev/zero of=/EMPTY bs=1M", "dd if=/dev/vda of=/srv/backup/boot.bin bs=512 count=1", "mkfs.ext4 -F /srv/disk.raw"]
}
