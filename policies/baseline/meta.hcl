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
