# The SSH server and client.
pack "baseline" {}

rule "SSH001" {
  title    = "root may log in over SSH"
  severity = "critical"
  on       = "write"
  when     = (matches(write.path, "^/etc/(default/ssh|sysconfig/sshd)$", "/systemd/system/sshd?[.]service") && matches(lower(coalesce(write.effective, "-")), "-o[ \t\"']*permitrootlogin[= \t]+\"?yes")) || (path_under(write.path, "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d", "/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg.d") &&
              (matches(lower(coalesce(write.effective, "-")), "^[ \t]*permitrootlogin[ \t=]+\"?yes") ||
               (path_under(write.path, "/etc/cloud") && matches(write.effective, "^[ \t]*disable_root[ \t]*:[ \t]*([Ff]alse|no|0)"))))
  message  = "${write.path} lets root log in over the network with a password"
  why      = "root is the one name that every attacker knows"
  fix      = "PermitRootLogin no, or prohibit-password where the platform needs it"
  refs     = ["CWE-250", "CWE-521", "OCI S14", "CIS 5.1.20", "ATT&CK T1098"]
  bad = [
    "echo 'PermitRootLogin yes' >> /etc/ssh/sshd_config",
    "sed -i 's/^#\\?PermitRootLogin.*/PermitRootLogin yes/' /etc/ssh/sshd_config",
    "sed -ri 's/^#?(PermitRootLogin) .*/\\1 yes/' /etc/ssh/sshd_config",
  ]
  good = [
    "sed -i 's/^PermitRootLogin.*/PermitRootLogin yes/' /etc/ssh/sshd_config\nsed -i 's/^PermitRootLogin.*/PermitRootLogin no/' /etc/ssh/sshd_config",
    "sed -i 's/PermitRootLogin yes/PermitRootLogin no/' /etc/ssh/sshd_config",
    "echo '#PermitRootLogin yes' >> /etc/ssh/sshd_config",
  ]
}

rule "SSH002" {
  title    = "SSH accepts passwords"
  severity = "critical"
  on       = "write"
  when     = (matches(write.path, "^/etc/(default/ssh|sysconfig/sshd)$", "/systemd/system/sshd?[.]service") && matches(lower(coalesce(write.effective, "-")), "-o[ \t\"']*passwordauthentication[= \t]+\"?yes")) || (path_under(write.path, "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d", "/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg.d") &&
              (matches(lower(coalesce(write.effective, "-")), "^[ \t]*(passwordauthentication|challengeresponseauthentication|kbdinteractiveauthentication)[ \t=]+\"?yes") ||
               matches(write.effective, "^[ \t]*ssh_pwauth[ \t]*:[ \t]*([Tt]rue|yes|1)")))
  message  = "${write.path} lets people log in with passwords"
  why      = "passwords are guessed all day by machines; marketplaces refuse such images"
  fix      = "PasswordAuthentication no, and keys from the platform's first-boot agent"
  refs     = ["CWE-307", "CWE-521", "AWS password authentication", "GCP TestPasswordSecurity", "ATT&CK T1110"]
  bad = [
    "sed -i 's/PasswordAuthentication no/PasswordAuthentication yes/g' /etc/ssh/sshd_config",
    "printf 'PasswordAuthentication yes\\n' > /etc/ssh/sshd_config.d/50-login.conf",
    "echo 'ssh_pwauth: true' > /etc/cloud/cloud.cfg.d/99-login.cfg",
  ]
  good = [
    "echo 'PasswordAuthentication yes' > /etc/ssh/sshd_config.d/50-build.conf\nsystemctl restart ssh\nrm -f /etc/ssh/sshd_config.d/50-build.conf",
    "sed -i 's/^#*PasswordAuthentication yes/PasswordAuthentication no/' /etc/ssh/sshd_config",
    "echo 'PubkeyAuthentication yes' >> /etc/ssh/sshd_config",
  ]
}

rule "SSH003" {
  title    = "SSH accepts empty passwords"
  severity = "critical"
  on       = "write"
  when     = (path_under(write.path, "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d") &&
              matches(lower(coalesce(write.effective, "-")), "^[ \t]*permitemptypasswords[ \t=]+\"?yes"))
  message  = "${write.path} lets accounts without a password log in"
  why      = "an account that was left without a password is then open to everybody"
  fix      = "PermitEmptyPasswords no"
  refs     = ["CWE-258", "CIS 5.1.19"]
  bad      = ["echo 'PermitEmptyPasswords yes' >> /etc/ssh/sshd_config"]
  good     = ["echo 'PermitEmptyPasswords no' >> /etc/ssh/sshd_config"]
}

rule "SSH004" {
  title    = "SSH trusts other hosts or loose files"
  severity = "high"
  on       = "write"
  when     = (path_under(write.path, "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d") &&
              matches(write.effective, "^[ \t]*(StrictModes|IgnoreRhosts)[ \t=]+no", "^[ \t]*(HostbasedAuthentication|GatewayPorts)[ \t=]+yes", "^[ \t]*PermitUserEnvironment[ \t=]+yes"))
  message  = "${write.path} switches a safeguard of sshd off"
  why      = "files that others may write, or names of hosts, then decide who logs in"
  fix      = "leave sshd's defaults"
  refs     = ["CWE-287", "CWE-732", "CIS 5.1"]
  bad      = ["echo 'StrictModes no' >> /etc/ssh/sshd_config"]
  good     = ["echo 'IgnoreRhosts yes' >> /etc/ssh/sshd_config"]
}

rule "SSH005" {
  title    = "authorized keys come from another place"
  severity = "medium"
  on       = "write"
  when     = (path_under(write.path, "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d") &&
              matches(write.effective, "^[ \t]*AuthorizedKeysCommand[ \t=]+[^n ]", "^[ \t]*AuthorizedKeysFile[ \t=]+([^.%]|[.][^s])"))
  message  = "${write.path} takes keys from where nobody looks for them"
  why      = "a program, a central file or an authority decides who logs in, on machines of other people"
  fix      = "leave AuthorizedKeysFile at ~/.ssh/authorized_keys"
  refs     = ["CWE-863", "ATT&CK T1098.004", "ATT&CK T1556"]
  bad      = ["echo 'AuthorizedKeysFile /etc/ssh/keys/%u' >> /etc/ssh/sshd_config"]
  good     = ["echo 'AuthorizedKeysFile .ssh/authorized_keys' >> /etc/ssh/sshd_config", "echo 'AuthorizedKeysCommand none' >> /etc/ssh/sshd_config"]
}

rule "SSH007" {
  title    = "weak ciphers for SSH"
  severity = "low"
  on       = "write"
  when     = (path_under(write.path, "/etc/ssh") &&
              matches(write.effective, "^[ \t]*(Ciphers|MACs|KexAlgorithms|HostKeyAlgorithms|PubkeyAcceptedAlgorithms|PubkeyAcceptedKeyTypes)[ \t=]+[^- \t=](.*[, +])?(3des-cbc|arcfour|blowfish|cast128|hmac-md5|diffie-hellman-group1-|ssh-dss)"))
  message  = "${write.path} allows algorithms that are broken"
  why      = "who records the connection may read it, or step into it"
  fix      = "leave the defaults of the installed version"
  refs     = ["CWE-327", "CIS 5.1"]
  bad      = ["echo 'Ciphers aes128-ctr,3des-cbc' >> /etc/ssh/sshd_config"]
  good     = ["echo 'Ciphers aes256-gcm@openssh.com,aes256-ctr' >> /etc/ssh/sshd_config", "echo 'Ciphers -3des-cbc,arcfour' >> /etc/ssh/sshd_config"]
}

rule "SSH009" {
  title    = "SSH listens on another port"
  severity = "low"
  on       = "write"
  when     = (path_under(write.path, "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d") &&
              matches(write.effective, "^[ \t]*Port[ \t=]+([013-9]|2[013-9]|22[0-9])"))
  message  = "${write.path} opens another port for SSH"
  why      = "firewalls and reviewers look at port 22"
  fix      = "leave the port to the owner of the machine"
  refs     = ["CWE-1188", "ATT&CK T1571"]
  bad      = ["echo 'Port 2222' >> /etc/ssh/sshd_config"]
  good     = ["echo 'Port 22' >> /etc/ssh/sshd_config"]
}

rule "SSH010" {
  title    = "SSH client does not check hosts"
  severity = "medium"
  on       = "write"
  when     = (matches(write.path, "^/etc/ssh/ssh_config", "/[.]ssh/config$") &&
              matches(write.effective, "^[ \t]*(StrictHostKeyChecking[ \t=]+(no|off)|UserKnownHostsFile[ \t=]+/dev/null)"))
  message  = "${write.path} makes every later connection accept any host"
  why      = "who is on the way can play the server to every user of the image"
  fix      = "put the host's key into /etc/ssh/ssh_known_hosts"
  refs     = ["CWE-322", "CWE-295", "ATT&CK T1557"]
  bad      = ["printf 'Host *\\n  StrictHostKeyChecking no\\n' >> /root/.ssh/config"]
  good     = ["printf 'Host *\\n  StrictHostKeyChecking accept-new\\n' >> /root/.ssh/config"]
}

rule "SSH011" {
  title    = "other hosts are trusted by their name"
  severity = "high"
  on       = "write"
  when     = !write.deleted && matches(write.path, "/[.][rs]hosts$", "^/etc/s?hosts[.]equiv$")
  message  = "${write.path} lets users of another host in without asking"
  why      = "whoever can take the host's name or address logs in"
  fix      = "remove the file"
  refs     = ["CWE-290", "CIS 5.1", "ATT&CK T1098"]
  bad      = ["echo '+ +' > /root/.rhosts", "echo backup.example.org >> /etc/hosts.equiv"]
  good     = ["rm -f /root/.rhosts /etc/hosts.equiv", "echo '127.0.0.1 app' >> /etc/hosts"]
}

rule "SSH006" {
  title    = "SSH trusts an authority for users"
  severity = "medium"
  on       = "write"
  when     = path_under(write.path, "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d") && matches(lower(coalesce(write.effective, "-")), "^[ \t]*trustedusercakeys[ \t=]+\"?([^n]|n[^o])")
  message  = "${write.path} lets the owner of an authority log in to every machine of this image"
  why      = "one key signs logins for everybody, and no list on the machine shows for whom"
  fix      = "leave TrustedUserCAKeys to those who start the machines"
  refs     = ["CWE-863", "ATT&CK T1098.004", "ATT&CK T1556"]
  bad      = ["echo 'TrustedUserCAKeys /etc/ssh/ca.pub' >> /etc/ssh/sshd_config"]
  good     = ["echo 'TrustedUserCAKeys none' >> /etc/ssh/sshd_config", "echo 'PubkeyAuthentication yes' >> /etc/ssh/sshd_config"]
}

rule "SSH008" {
  title    = "SSH keeps idle connections"
  severity = "low"
  on       = "write"
  when     = (path_under(write.path, "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d") &&
              matches(lower(coalesce(write.effective, "-")), "^[ \t]*clientaliveinterval[ \t=]+\"?(0|23[6-9]|2[4-9][0-9]|[3-9][0-9][0-9]|[0-9][0-9][0-9][0-9]+|([4-9]|[0-9][0-9]+)m|[0-9]+[hdw])\"?[ \t]*$"))
  message  = "${write.path} sets ClientAliveInterval to a value outside of 1 to 235 seconds"
  why      = "connections that nobody uses stay open, and platforms in front of the machine cut them without a word"
  fix      = "ClientAliveInterval 180"
  refs     = ["CWE-613", "Azure verify_client_active_interval", "CIS 5.1"]
  bad      = ["echo 'ClientAliveInterval 0' >> /etc/ssh/sshd_config", "sed -i 's/^#ClientAliveInterval.*/ClientAliveInterval 600/' /etc/ssh/sshd_config"]
  good     = ["echo 'ClientAliveInterval 180' >> /etc/ssh/sshd_config", "echo 'ClientAliveInterval 3m' >> /etc/ssh/sshd_config"]
}
