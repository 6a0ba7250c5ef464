# Marketplaces contradict each other, so there is no one list. A profile says what one of them asks for.

profile "aws-marketplace" {
  description = "AMI policies of the AWS Marketplace: keys only, no preset and no empty passwords, no credentials"
  packs       = ["baseline"]
  threshold   = "high"
  severities = {
    ACC002 = "critical"
    ACC011 = "high"
    SEC005 = "high"
    SEC006 = "high"
    SEC010 = "high"
    REQ001 = "medium"
    REQ002 = "medium"
    REQ006 = "medium"
    REQ008 = "medium"
    REQ009 = "low"
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC002", "ACC006", "SEC001", "SEC002", "SSH002", "SSH003"]
}

profile "aliyun-marketplace" {
  description = "Image specification of Alibaba Cloud: no preset credentials; removing a password is what its help asks for"
  packs       = ["baseline"]
  threshold   = "high"
  severities = {
    ACC002 = "info"
    DEF007 = "critical"
    SEC005 = "high"
    REQ001 = "medium"
    REQ004 = "low"
    REQ006 = "medium"
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC006", "SEC001", "SEC002", "SSH003"]
}

profile "azure-marketplace" {
  description = "Azure VM certification: no users before provisioning, agent present; an empty shadow field passes its test"
  packs       = ["baseline"]
  threshold   = "high"
  severities = {
    ACC002 = "medium"
    ACC005 = "high"
    REQ001 = "medium"
    REQ006 = "medium"
    REQ008 = "medium"
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC006", "SEC001", "SEC002", "SSH003"]
}

profile "gcp-marketplace" {
  description = "Google Cloud image tests: no password logins, automatic updates, the kernel's settings"
  packs       = ["baseline"]
  threshold   = "high"
  severities = {
    ACC002 = "critical"
    DEF008 = "high"
    KRN003 = "high"
    REQ001 = "medium"
    REQ002 = "medium"
    REQ008 = "medium"
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC006", "SEC001", "SEC002", "SSH001", "SSH002", "SSH003"]
}

profile "oci-marketplace" {
  description = "Oracle Cloud publisher guidelines: unique host keys, root locked, no passwords, none empty"
  packs       = ["baseline"]
  threshold   = "high"
  severities = {
    ACC002 = "critical"
    ACC008 = "high"
    ACC009 = "high"
    REQ001 = "medium"
    REQ002 = "medium"
    REQ004 = "medium"
    REQ008 = "medium"
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC002", "ACC006", "SEC001", "SEC002", "SSH001", "SSH003"]
}

profile "digitalocean-marketplace" {
  description = "DigitalOcean 1-Click image check: firewall on, no keys, logs and history cleared, first-boot scripts usual"
  packs       = ["baseline"]
  threshold   = "high"
  severities = {
    DEF001 = "critical"
    DEF002 = "critical"
    PER008 = "info"
    REQ001 = "medium"
    REQ005 = "medium"
    REQ006 = "medium"
    REQ008 = "low"
    REQ009 = "medium"
  }
  locked = ["RX001", "RX002", "RX003", "RX004", "ACC001", "ACC006", "SEC001", "SEC002", "SSH003", "DEF001"]
}

profile "strict" {
  description = "everything from medium on fails, and hardly anything may stay unresolved"
  packs       = ["baseline"]
  threshold   = "medium"
  opaque_limit = 5
  severities = {
    PN001 = "medium"
  }
}
