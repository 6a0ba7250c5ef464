# Marketplaces contradict each other, so there is no one list. A profile says what one of them asks for:
# which steps must come before the image is made (REQ...), which agents, what sshd must say, and what no
# waiver may excuse. The sources are named; what they do not say is as the packs have it.

# AWS Marketplace, "AMI-based product requirements": key pairs only, no passwords whether preset, generated,
# null or blank, no credentials and no authorized keys of any kind, supported and scanned software only.
profile "aws-marketplace" {
  description = "AMI policies of the AWS Marketplace: keys only, no preset and no empty passwords, no credentials"
  packs       = ["baseline"]
  threshold   = "high"
  waiver_days = 365
  severities = {
    ACC002 = "critical"
    ACC007 = "critical"
    ACC011 = "high"
    ACC012 = "medium"
    DEF007 = "high"
    META002 = "high"
    RX014  = "critical"
    SEC005 = "high"
    SEC006 = "high"
    SEC008 = "high"
    SEC010 = "high"
    REQ001 = "medium"
    REQ002 = "medium"
    REQ004 = "low"
    REQ006 = "medium"
    REQ008 = "medium"
    REQ009 = "low"
    REQ011 = "low"
    REQ013 = "medium"
    REQ014 = "medium"
  }
  params = {
    agents_required = ["cloud-init"]
    sshd = {
      passwordauthentication = "^no$"
      permitrootlogin        = "^(no|prohibit-password|without-password|forced-commands-only)$"
    }
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC002", "ACC006", "SEC001", "SEC002", "SSH002", "SSH003"]
}

# Alibaba Cloud, "Image specification", image check and Compute Nest review: the system partition is the last
# one and there is no swap, cloud-init and Cloud Assistant are there, no preset credentials. Its help asks for
# passwd -d, which AWS and Oracle forbid; removing Security Center's agent is what it does not forgive.
profile "aliyun-marketplace" {
  description = "Image specification of Alibaba Cloud: no preset credentials; removing a password is what its help asks for"
  packs       = ["baseline"]
  threshold   = "high"
  waiver_days = 365
  severities = {
    ACC002 = "info"
    ACC012 = "medium"
    DEF007 = "critical"
    SEC005 = "high"
    REQ001 = "medium"
    REQ004 = "low"
    REQ006 = "medium"
    REQ010 = "low"
    REQ011 = "medium"
    REQ012 = "medium"
    REQ014 = "medium"
  }
  params = {
    agents_required = ["cloud-init", "aliyun-assist", "cloud-assist", "aegis"]
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC006", "SEC001", "SEC002", "SSH003"]
}

# Azure, VM certification and its LISA tests (azure_image_standard): empty histories, no users before
# provisioning, ClientAliveInterval from 1 to 235, no swap on the disk of the system, udev rules moved, the
# Linux agent there and its deprovisioning the last step. An empty field of shadow passes.
profile "azure-marketplace" {
  description = "Azure VM certification: no users before provisioning, agent present; an empty shadow field passes its test"
  packs       = ["baseline"]
  threshold   = "high"
  waiver_days = 365
  severities = {
    ACC002 = "medium"
    ACC005 = "high"
    ACC012 = "medium"
    SSH008 = "high"
    REQ001 = "medium"
    REQ006 = "medium"
    REQ008 = "medium"
    REQ010 = "low"
    REQ011 = "medium"
    REQ012 = "medium"
    REQ013 = "medium"
    REQ014 = "medium"
  }
  params = {
    agents_required = ["walinuxagent", "WALinuxAgent", "waagent"]
    deprovision     = true
    sshd = {
      clientaliveinterval = "^([1-9]|[1-9][0-9]|1[0-9][0-9]|2[0-2][0-9]|23[0-5]|[1-3]m)$"
    }
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC006", "SEC001", "SEC002", "SSH003"]
}

# Google Cloud, image tests (TestPasswordSecurity, TestHostKeysAreUnique, TestAutomaticUpdates, the sysctls):
# sshd -T says no to passwords and to root with one, host keys are made on the first boot, updates are on.
profile "gcp-marketplace" {
  description = "Google Cloud image tests: no password logins, automatic updates, the kernel's settings"
  packs       = ["baseline"]
  threshold   = "high"
  waiver_days = 365
  severities = {
    ACC002 = "critical"
    ACC011 = "high"
    ACC012 = "medium"
    DEF008 = "high"
    DEF010 = "high"
    DEF013 = "high"
    KRN003 = "high"
    REQ001 = "medium"
    REQ002 = "medium"
    REQ008 = "medium"
    REQ011 = "medium"
    REQ013 = "medium"
    REQ014 = "medium"
  }
  params = {
    agents_required = ["google-guest-agent", "google-compute-engine", "google-osconfig-agent"]
    sshd = {
      passwordauthentication = "^no$"
      permitrootlogin        = "^(no|prohibit-password|without-password)$"
    }
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC006", "SEC001", "SEC002", "SSH001", "SSH002", "SSH003"]
}

# Oracle Cloud, "Guidelines for images": S01 host keys, S08 cloud-init, S10 authorized_keys, S14 root login
# off (not even with a key), S16 no passwords and none empty, G03 no addresses of hardware, G05 DHCP.
profile "oci-marketplace" {
  description = "Oracle Cloud publisher guidelines: unique host keys, root locked, no passwords, none empty"
  packs       = ["baseline"]
  threshold   = "high"
  waiver_days = 365
  severities = {
    ACC002 = "critical"
    ACC007 = "critical"
    ACC008 = "high"
    ACC009 = "high"
    ACC012 = "medium"
    REQ001 = "medium"
    REQ002 = "medium"
    REQ004 = "medium"
    REQ008 = "medium"
    REQ010 = "medium"
    REQ011 = "medium"
    REQ013 = "medium"
    REQ014 = "medium"
  }
  params = {
    agents_required = ["cloud-init", "oracle-cloud-agent"]
    sshd = {
      permitrootlogin = "^no$"
    }
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC002", "ACC006", "SEC001", "SEC002", "SSH001", "SSH003"]
}

# DigitalOcean, img_check and the cleanup that goes with it: a firewall that is on, updates applied, no keys, no
# history, empty logs, no agent of the provider (droplet-agent comes with the droplet). First-boot scripts are usual.
profile "digitalocean-marketplace" {
  description = "DigitalOcean 1-Click image check: firewall on, no keys, logs and history cleared, first-boot scripts usual"
  packs       = ["baseline"]
  threshold   = "high"
  waiver_days = 365
  severities = {
    ACC012 = "medium"
    DEF001 = "critical"
    DEF002 = "critical"
    PER008 = "info"
    REQ001 = "medium"
    REQ002 = "medium"
    REQ004 = "medium"
    REQ005 = "medium"
    REQ006 = "medium"
    REQ007 = "low"
    REQ008 = "low"
    REQ009 = "medium"
    REQ011 = "medium"
    REQ014 = "medium"
  }
  params = {
    agents_required  = ["cloud-init", "openssh-server"]
    agents_forbidden = ["droplet-agent"]
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC006", "SEC001", "SEC002", "SSH003", "DEF001"]
}

profile "strict" {
  description = "everything from medium on fails, and hardly anything may stay unresolved"
  packs       = ["baseline"]
  threshold   = "medium"
  opaque_limit = 5
  waiver_days = 90
  severities = {
    PN001 = "medium"
  }
}
