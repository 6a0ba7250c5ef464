# Credentials and secrets that end up in the image or in its record.
pack "baseline" {}

rule "SEC001" {
  title    = "private key in the build"
  severity = "critical"
  on       = "secret"
  when     = secret.kind == "private-key"
  message  = "a private key stands in ${secret.where} (${secret.path})"
  why      = "everybody who gets the image, or the repository, has the key"
  fix      = "make keys at first boot, or hand them in through a secret store"
  refs     = ["CWE-321", "CWE-798", "ATT&CK T1552.004"]
  bad = [
    <<-EOT
      cat > /etc/ssl/private/site.key <<'EOF'
      -----BEGIN RSA PRIVATE KEY-----
      MIIEowIBAAKCAQEAvGZ1xkQ2m9t8r7b6c5d4e3f2g1h0i9j8k7l6m5n4o3p2q1r0
      s9t8u7v6w5x4y3z2A1B0C9D8E7F6G5H4I3J2K1L0M9N8O7P6Q5R4S3T2U1V0W9X8
      -----END RSA PRIVATE KEY-----
      EOF
    EOT
  ]
  good = [
    <<-EOT
      cat > /etc/ssl/certs/site.pem <<'EOF'
      -----BEGIN CERTIFICATE-----
      MIIEowIBAAKCAQEAvGZ1xkQ2m9t8r7b6c5d4e3f2g1h0i9j8k7l6m5n4o3p2q1r0
      -----END CERTIFICATE-----
      EOF
    EOT
  ]
}

rule "SEC002" {
  title    = "cloud credential in the build"
  severity = "critical"
  on       = "secret"
  when = (one_of(secret.kind, "aws-key", "aliyun-key", "gcp-key", "azure-key") ||
    (one_of(secret.kind, "password", "token") && one_of(secret.where, "variable", "env") && matches(secret.name, "^(AWS|ALICLOUD|ALIBABA_CLOUD|ALIYUN|AZURE|ARM|GOOGLE|GCP|OCI|DIGITALOCEAN|TENCENTCLOUD|HUAWEICLOUD|LINODE|HCLOUD|OS)_[A-Z_]*(KEY|SECRET|TOKEN|PASSWORD|CREDENTIALS)[A-Z_]*$")))
  message  = "a cloud credential is written down (${secret.name})"
  why      = "keys in images and repositories are found by scanners within minutes"
  fix      = "use a role of the instance, and sensitive variables for the build; revoke this key"
  refs     = ["CWE-798", "ATT&CK T1552.001", "ATT&CK T1078.004"]
  bad = [
    "export AWS_ACCESS_KEY_ID=AKIAQ3EGRIWZ5H7K2LMN",
    "export AWS_SECRET_ACCESS_KEY=Qm9tAbC/K7MDENG+bPxRfiCYrT5uVwXyZ1234567",
  ]
  good = [
    "export AWS_DEFAULT_REGION=eu-central-1",
    "aws s3 ls s3://AKIA-bucket",
  ]
}

rule "SEC003" {
  title    = "access token in the build"
  severity = "high"
  on       = "secret"
  when     = one_of(secret.kind, "github-token", "gitlab-token", "slack-token", "npm-token", "pypi-token", "stripe-key", "jwt", "token", "url-userinfo")
  message  = "a token is written down (${secret.kind}, ${secret.name})"
  why      = "the token opens what it protects to everybody who can read the build or the image"
  fix      = "hand it in as a sensitive variable, use it without writing it down, and revoke this one"
  refs     = ["CWE-798", "CWE-522", "ATT&CK T1552.001"]
  bad = [
    "git clone https://deploy:s3cr3tT0kenValue@git.example.org/app.git",
    "export GITHUB_TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a",
  ]
  good = [
    "git clone https://git.example.org/app.git",
    "git clone ssh://git@git.example.org/app.git",
  ]
}

rule "SEC004" {
  title    = "password on a command line"
  severity = "high"
  on       = "secret"
  when     = secret.kind == "password" && secret.where == "argv"
  message  = "a password is an argument of a command (${secret.name})"
  why      = "arguments are seen by every process, in the record of the build and in the repository"
  fix      = "read it from a file or from standard input, out of a sensitive variable"
  refs     = ["CWE-214", "CWE-522", "ATT&CK T1552.001"]
  bad = [
    "mysql -u root -pS3cretPassw0rd -e 'FLUSH PRIVILEGES'",
    "curl -u admin:S3cretPassw0rd https://app.example.org/setup",
  ]
  good = [
    "mysql -u root -p < schema.sql",
    "mysql --defaults-extra-file=/root/.my.cnf -e 'FLUSH PRIVILEGES'",
  ]
}

rule "SEC005" {
  title    = "password in a file of the image"
  severity = "medium"
  on       = "secret"
  when     = secret.kind == "password" && secret.where != "argv" && secret.persisted && !path_under(secret.path, "/tmp", "/var/tmp", "/run", "/dev/shm")
  message  = "a password is written to ${secret.path}"
  why      = "every machine started from the image has the same password, and everybody can read it"
  fix      = "make the password at first boot"
  refs     = ["CWE-260", "CWE-798", "ATT&CK T1552.001"]
  bad = [
    "echo 'requirepass=S3cretPassw0rd' >> /etc/app/app.conf\necho 'password=S3cretPassw0rd' >> /etc/app/app.conf",
  ]
  good = [
    "echo 'password_file=/run/secrets/db' >> /etc/app/app.conf",
  ]
}

rule "SEC006" {
  title    = "credential file in the image"
  severity = "medium"
  on       = "write"
  when     = (!write.deleted && write.final && phase != "host" &&
              matches(write.path, "/[.](aws/credentials|docker/config[.]json|npmrc|pypirc|netrc|git-credentials|kube/config|my[.]cnf|pgpass|azure/accessTokens[.]json|config/gcloud/.*credentials.*|aliyun/config[.]json)$"))
  message  = "${write.path} holds credentials and is part of the image unless it is removed"
  why      = "logins that the build needed are handed to everybody who starts the image"
  fix      = "keep credentials in memory or below /run, and remove the file in the same step"
  refs     = ["CWE-522", "ATT&CK T1552.001"]
  bad      = ["cp credentials /root/.aws/credentials"]
  good     = ["cp credentials /root/.aws/credentials\naws s3 cp s3://bucket/key /srv/key\nrm -rf /root/.aws", "rm -f /root/.docker/config.json", "cp config /root/.aws/config"]
}

rule "SEC007" {
  title    = "sensitive value is written into the image"
  severity = "high"
  on       = "secret"
  when     = secret.persisted && !path_under(secret.path, "/tmp", "/var/tmp", "/run", "/dev/shm") && one_of(secret.kind, "sensitive", "aws-key", "aliyun-key", "gcp-key", "azure-key", "github-token", "gitlab-token", "npm-token", "pypi-token", "token")
  message  = "a ${secret.kind} value lands in ${secret.path}"
  why      = "a value that the build only needed for itself is published with the image"
  fix      = "pass it through the environment of the one command that needs it"
  refs     = ["CWE-312", "CWE-538", "ATT&CK T1552.001"]
  bad      = ["echo 'token = \"ghp_16C7e42F292c6912E7710c838347Ae178B4a\"' > /etc/app.toml"]
  good     = ["echo 'token_file = \"/run/secrets/app\"' > /etc/app.toml", "echo 'token = \"ghp_16C7e42F292c6912E7710c838347Ae178B4a\"' > /run/app.toml"]
}

rule "SEC009" {
  title    = "credentials are taken from the metadata service"
  severity = "high"
  on       = "download"
  when     = matches(download.url, "169[.]254[.]169[.]254.*/(iam/security-credentials|identity/oauth2/token|opc/v[12]/identity)",
                     "(metadata[.]google[.]internal|169[.]254[.]169[.]254)/computeMetadata/v1[^ ]*/service-accounts/[^ ]*/(token|identity)",
                     "100[.]100[.]100[.]200/[^ ]*/ram/security-credentials")
  message  = "${download.url} hands out credentials of the building machine"
  why      = "a provisioner that reads the role of its machine can do what the publisher can do"
  fix      = "give the building machine no role, and the script only the values that it needs"
  refs     = ["CWE-522", "ATT&CK T1552.005"]
  bad      = ["curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/builder -o /tmp/c.json"]
  good     = ["curl -s http://169.254.169.254/latest/meta-data/instance-id"]
}

rule "SEC010" {
  title    = "secret in a persistent environment variable"
  severity = "medium"
  on       = "env"
  when     = env.persisted && env.value != null && env.value != "" && matches(env.name, "(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY)$")
  message  = "${env.name} is set for every process by ${env.path}"
  why      = "the value is the same on every machine, and every process can read it"
  fix      = "make it at first boot, in a file that only the service can read"
  refs     = ["CWE-526", "CWE-798", "ATT&CK T1552.001"]
  bad      = ["echo 'APP_SECRET=fixedvalue42' >> /etc/environment"]
  good     = ["echo 'APP_PORT=8080' >> /etc/environment", "echo 'APP_TOKEN_FILE=/run/app/token' >> /etc/environment"]
}

rule "SEC011" {
  title    = "password written in a script"
  severity = "medium"
  on       = "secret"
  when     = one_of(secret.kind, "password", "token") && !secret.persisted && one_of(secret.where, "variable", "env", "stdin")
  message  = "a ${secret.kind} stands in the script (${secret.name})"
  why      = "everybody who can read the repository has it, and it is the same for every machine"
  fix      = "hand it in as a sensitive variable, or make it at first boot"
  refs     = ["CWE-798", "CWE-259", "ATT&CK T1552.001"]
  bad      = ["DB_PASSWORD='S3cretPassw0rd'\nmysqladmin ping"]
  good     = ["DB_PASSWORD=$(openssl rand -hex 16)\nmysqladmin ping"]
}

rule "SEC012" {
  title    = "hashes of passwords are copied"
  severity = "medium"
  on       = "exec"
  when = ((one_of(exec.name, "cat", "tac", "nl", "head", "tail", "less", "more", "cp", "mv", "rsync", "tar", "zip", "gzip", "base64", "base32", "xxd", "od", "hexdump", "strings", "ed", "vim", "vi", "nano", "unshadow", "john", "hashcat") &&
      anytrue([for o in exec.operands : matches(o, "^/etc/(g?shadow|master[.]passwd|security/passwd|spwd[.]db)-?$")])) ||
    (exec.name == "dd" && any_arg(exec, "^if=/etc/g?shadow")) || one_of(exec.name, "unshadow", "john", "hashcat") ||
    (exec.name == "ed" && matches(exec.stdin, "^e /etc/(g?shadow|master[.]passwd)")) ||
    anytrue([for r in exec.redirects : r.op == "<" && matches(r.path, "^/etc/(g?shadow|master[.]passwd)-?$")]))
  message = "${command} reads the hashes of all passwords"
  why     = "hashes that leave their file can be tried until they fit"
  fix     = "ask for what is needed: passwd -S, getent passwd"
  refs    = ["CWE-522", "ATT&CK T1003.008"]
  bad     = ["cat /etc/shadow > /srv/list", "tar czf /srv/a.tgz /etc/passwd /etc/shadow"]
  good    = ["grep -q '^root:[!*]' /etc/shadow", "chmod 640 /etc/shadow", "cat /etc/passwd", "passwd -S root"]
}

rule "SEC013" {
  title    = "memory of programs is read"
  severity = "high"
  on       = "exec"
  when     = ((one_of(exec.name, "dd", "cat", "cp", "strings", "xxd", "od", "grep", "gdb", "tail", "head") && matches(command, "/proc/[^/]+/mem( |\"|'|$)", "/proc/kcore")) ||
              one_of(exec.name, "gcore", "procdump", "mimipenguin", "mimipenguin.sh", "mimipenguin.py"))
  message  = "${command} reads what another program keeps in its memory"
  why      = "passwords and keys stand there in the clear"
  fix      = "remove it"
  refs     = ["CWE-200", "ATT&CK T1003.007"]
  bad      = ["dd if=/proc/$(pgrep sshd)/mem of=/srv/m bs=1 count=4096", "gcore 1234"]
  good     = ["cat /proc/meminfo", "grep VmRSS /proc/self/status"]
}

rule "SEC008" {
  title    = "secret is shown by the trace of the shell"
  severity = "medium"
  on       = "secret"
  when     = secret.traced
  message  = "set -x prints a ${secret.kind} (${secret.name}) into the log of the build"
  why      = "logs are kept for long and read by many"
  fix      = "set +x before the command, or leave -x away"
  refs     = ["CWE-532", "ATT&CK T1552.001"]
  bad      = ["set -x\nmysql -u root -pS3cretPassw0rd -e 'FLUSH PRIVILEGES'"]
  good     = ["set -x\nset +x\nmysql -u root -pS3cretPassw0rd -e 'FLUSH PRIVILEGES'", "set -x\nmysql --defaults-extra-file=/root/.my.cnf -e 'FLUSH PRIVILEGES'"]
}
