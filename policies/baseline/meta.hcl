# The audit's own conditions.
pack "baseline" {}

rule "META006" {
  title    = "errors do not stop the script any more"
  severity = "info"
  on       = "exec"
  when     = exec.name == "set" && (has_arg(exec, "+e", "+eu", "+ex", "+eux") || (has_arg(exec, "+o") && has_arg(exec, "errexit")))
  message  = "${command}: from here on a command may fail unseen"
  why      = "a check that fails no longer keeps what follows from running"
  fix      = "catch the one failure that is expected"
  refs     = ["CWE-754"]
  bad      = ["set -e\nset +e\ngrep -q x /etc/app.conf"]
  good     = ["set -e\ngrep -q x /etc/app.conf || true"]
}

rule "META002" {
  title    = "sensitive value is printed"
  severity = "medium"
  on       = "secret"
  when     = secret.where == "output"
  message  = "a value that is secret (${secret.kind}) is printed into the log of the build"
  why      = "logs are kept for long and read by many"
  fix      = "do not print it; hand it to the program that needs it through a pipe or a file below /run"
  refs     = ["CWE-532", "CWE-209", "ATT&CK T1552.001"]
  bad      = ["echo \"using ghp_16C7e42F292c6912E7710c838347Ae178B4a\""]
  good     = ["echo ghp_16C7e42F292c6912E7710c838347Ae178B4a | gh auth login --with-token", "echo \"using the token of the build\""]
}
