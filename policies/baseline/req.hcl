# What has to happen before an image is made. One fact for each plan says what did, in the order in
# which things were done: `undone` is a cleanup after which the same was written again. Info by
# itself, since a build may be no image; marketplaces ask for it (profiles/marketplaces.hcl).
pack "baseline" {}

rule "REQ001" {
  title    = "keys of people stay in the image"
  severity = "info"
  on       = "image"
  when     = image.authorized_keys != "yes"
  message  = image.authorized_keys == "undone" ? "what this build cleans up is written again afterwards (authorized_keys)" : "nobody removes authorized_keys before the image is made"
  why      = "whoever has one of the keys can log in to every machine that is started from the image"
  fix      = "rm -f /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys as the last step"
  refs     = ["CWE-798", "OCI S10", "ATT&CK T1098.004"]
  bad      = ["rm -f /root/.ssh/authorized_keys\necho 'ssh-ed25519 AAAA x' > /root/.ssh/authorized_keys"]
  good     = ["rm -f /root/.ssh/authorized_keys"]
}

rule "REQ002" {
  title    = "all machines of the image have the same host keys"
  severity = "info"
  on       = "image"
  when     = image.host_keys != "yes"
  message  = image.host_keys == "undone" ? "what this build cleans up is written again afterwards (host_keys)" : "host keys of SSH are not removed before the image is made"
  why      = "anybody who has the image can play the server to its clients"
  fix      = "rm -f /etc/ssh/ssh_host_* as the last step"
  refs     = ["CWE-321", "OCI S01", "GCP TestHostKeysAreUnique"]
  bad      = ["rm -f /etc/ssh/ssh_host_*\nssh-keygen -A"]
  good     = ["rm -f /etc/ssh/ssh_host_*"]
}

rule "REQ003" {
  title    = "all machines of the image have the same machine id"
  severity = "info"
  on       = "image"
  when     = image.machine_id != "yes"
  message  = image.machine_id == "undone" ? "what this build cleans up is written again afterwards (machine_id)" : "/etc/machine-id is not emptied before the image is made"
  why      = "addresses, logs and names are made from the id, and machines collide"
  fix      = "truncate -s 0 /etc/machine-id as the last step"
  refs     = ["CWE-1188"]
  bad      = ["apt-get install -y app=1"]
  good     = ["truncate -s 0 /etc/machine-id"]
}

rule "REQ004" {
  title    = "cloud-init believes that it has run already"
  severity = "info"
  on       = "image"
  when     = image.cloud_init != "yes"
  message  = image.cloud_init == "undone" ? "what this build cleans up is written again afterwards (cloud_init)" : "the state of cloud-init is not removed before the image is made"
  why      = "the first start of a machine then sets up nothing: no key, no host name, no disk"
  fix      = "cloud-init clean --logs --seed as the last step"
  refs     = ["OCI S08", "CWE-1188"]
  bad      = ["apt-get install -y app=1"]
  good     = ["cloud-init clean --logs"]
}

rule "REQ005" {
  title    = "logs of the build stay in the image"
  severity = "info"
  on       = "image"
  when     = image.logs != "yes"
  message  = image.logs == "undone" ? "what this build cleans up is written again afterwards (logs)" : "logs are not emptied before the image is made"
  why      = "logs hold addresses, names and sometimes secrets of the one who built"
  fix      = "empty /var/log and vacuum the journal at the end"
  refs     = ["CWE-532"]
  bad      = ["apt-get install -y app=1"]
  good     = ["journalctl --vacuum-time=1s"]
}

rule "REQ006" {
  title    = "histories of shells stay in the image"
  severity = "info"
  on       = "image"
  when     = image.history != "yes"
  message  = image.history == "undone" ? "what this build cleans up is written again afterwards (history)" : "histories of shells are not removed before the image is made"
  why      = "histories hold commands, and often secrets, of the one who built"
  fix      = "rm -f /root/.bash_history /home/*/.bash_history at the end"
  refs     = ["CWE-532", "Azure verify_bash_history_is_empty"]
  bad      = ["apt-get install -y app=1"]
  good     = ["rm -f /root/.bash_history"]
}

rule "REQ007" {
  title    = "caches of packages stay in the image"
  severity = "info"
  on       = "image"
  when     = image.caches != "yes"
  message  = image.caches == "undone" ? "what this build cleans up is written again afterwards (caches)" : "package caches are not cleaned before the image is made"
  why      = "lists and archives are stale at the first start and make the image larger"
  fix      = "apt-get clean, or dnf clean all, and rm -rf /var/lib/apt/lists/* at the end"
  refs     = ["CWE-1104"]
  bad      = ["apt-get install -y app=1"]
  good     = ["apt-get clean"]
}

rule "REQ008" {
  title    = "root is not locked"
  severity = "info"
  on       = "image"
  when     = image.root_locked != "yes"
  message  = image.root_locked == "undone" ? "what this build cleans up is written again afterwards (root_locked)" : "the password of root is not locked before the image is made"
  why      = "a password that anybody sets for root opens the machine to those who guess"
  fix      = "passwd -l root"
  refs     = ["CWE-521", "OCI S14"]
  bad      = ["passwd -l root\necho 'root:Passw0rd' | chpasswd"]
  good     = ["passwd -l root"]
}

rule "REQ009" {
  title    = "security updates are not applied"
  severity = "info"
  on       = "image"
  when     = image.updated != "yes"
  message  = image.updated == "undone" ? "what this build cleans up is written again afterwards (updated)" : "packages are not upgraded during the build"
  why      = "holes that have been closed for months are open on the first start"
  fix      = "apt-get upgrade, or dnf upgrade, from a mirror with a date"
  refs     = ["CWE-1104"]
  bad      = ["apt-get install -y app=1"]
  good     = ["apt-get upgrade -y"]
}

rule "REQ010" {
  title    = "traces of the build's network stay in the image"
  severity = "info"
  on       = "image"
  when     = image.network != "yes" || length(image.fixed) > 0
  message  = length(image.fixed) > 0 ? "${join(", ", image.fixed)} names the hardware of the machine of the build" : "leases of DHCP and names of network cards are not removed before the image is made"
  why      = "machines of the image ask for the same address, or have no network, because they look for another machine's card"
  fix      = "rm -f /etc/udev/rules.d/70-persistent-net.rules /var/lib/dhcp/* as one of the last steps, and configure networks by DHCP without addresses of hardware"
  refs     = ["CWE-1188", "OCI G03", "OCI G05", "Azure verify_udev_rules_moved"]
  bad      = ["apt-get install -y app=1", "rm -f /var/lib/dhcp/*\nprintf 'DEVICE=eth0\\nHWADDR=52:54:00:12:34:56\\n' > /etc/sysconfig/network-scripts/ifcfg-eth0"]
  good     = ["rm -f /etc/udev/rules.d/70-persistent-net.rules /var/lib/dhcp/*.leases", "waagent -force -deprovision+user"]
}

rule "REQ011" {
  title    = "agents are not as the platform wants them"
  severity = "info"
  on       = "image"
  when = (anytrue([for a in param.agents_required : contains(image.removed, a)]) ||
    anytrue([for a in param.agents_forbidden : !contains(image.removed, a)]) ||
    (param.deprovision && image.deprovisioned != "yes"))
  message  = param.deprovision && image.deprovisioned != "yes" ? "waagent -deprovision+user does not run before the image is made" : "one of ${join(", ", concat(param.agents_required, param.agents_forbidden))} is not as the platform wants it"
  why      = "without its agent the platform cannot set up, reach or watch machines of the image; another platform's agent hands them to somebody else"
  fix      = "leave the agents in that the platform needs, remove those that it forbids, and run its deprovisioning as the last step"
  refs     = ["Azure deprovision", "Alibaba Cloud Cloud Assistant", "DigitalOcean checkAgent", "OCI S08"]
  params = {
    agents_required  = ["cloud-init"]
    agents_forbidden = []
    deprovision      = false
  }
  bad  = ["apt-get purge -y cloud-init"]
  good = ["apt-get install -y cloud-init", "apt-get purge -y nano"]
}

rule "REQ012" {
  title    = "swap on the system disk"
  severity = "info"
  on       = "image"
  when     = length(image.swap) > 0
  message  = "${join(", ", image.swap)}: swap stays in the image"
  why      = "platforms with disks on the network refuse it, and what was in the memory of the build may lie in it"
  fix      = "swapoff and remove the file and its line of /etc/fstab; let the first boot make swap where it is wanted"
  refs     = ["CWE-591", "Azure verify_no_swap_on_osdisk", "Alibaba Cloud image specification"]
  bad      = ["fallocate -l 2G /swapfile\nmkswap /swapfile\nswapon /swapfile", "echo '/dev/sda2 none swap sw 0 0' >> /etc/fstab"]
  good     = ["fallocate -l 2G /swapfile\nmkswap /swapfile\nswapon /swapfile\nmake all\nswapoff /swapfile\nrm -f /swapfile", "echo 'UUID=ab / ext4 defaults 0 1' >> /etc/fstab"]
}

rule "REQ013" {
  title    = "sshd is not configured as the profile asks"
  severity = "info"
  on       = "image"
  when     = anytrue([for key, wanted in param.sshd : !matches(lower(try(image.sshd[key], "unset")), wanted)])
  message  = "what the build makes of sshd_config leaves ${join(", ", [for key, wanted in param.sshd : key if !matches(lower(try(image.sshd[key], "unset")), wanted)])} as the base has it, or sets something else"
  why      = "what the base image says today is no promise; reviewers test what sshd -T prints on the first start"
  fix      = "write the settings to /etc/ssh/sshd_config.d/ in the build; the first value of a keyword counts"
  refs     = ["CWE-1188", "GCP TestPasswordSecurity", "OCI S14", "CIS 5.1"]
  params = {
    sshd = {
      passwordauthentication = "^no$"
      permitrootlogin        = "^(no|prohibit-password|without-password|forced-commands-only)$"
    }
  }
  bad  = ["apt-get install -y app=1", "printf 'PermitRootLogin yes\\nPermitRootLogin no\\nPasswordAuthentication no\\n' > /etc/ssh/sshd_config"]
  good = ["printf 'PermitRootLogin no\\nPasswordAuthentication no\\n' > /etc/ssh/sshd_config.d/10-image.conf"]
}

rule "REQ014" {
  title    = "something is written after the cleanup"
  severity = "info"
  on       = "image"
  when     = length(image.late) > 0
  message  = "after the cleanup: ${join("; ", image.late)}"
  why      = "keys, logs and secrets that are written behind the cleanup are cleaned up by nobody"
  fix      = "make the cleanup the last step of the build"
  refs     = ["CWE-459", "CWE-532"]
  bad      = ["rm -f /root/.ssh/authorized_keys\necho 'ssh-ed25519 AAAA x' > /root/.ssh/authorized_keys", "journalctl --vacuum-time=1s\napt-get install -y app=1"]
  good     = ["apt-get install -y app=1\napt-get clean\njournalctl --vacuum-time=1s\nrm -f /root/.ssh/authorized_keys"]
}
