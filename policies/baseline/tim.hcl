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
