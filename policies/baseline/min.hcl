# Mining on other people's machines.
pack "baseline" {}

rule "MIN001" {
  title    = "cryptocurrency miner"
  severity = "critical"
  on       = "exec"
  when     = (one_of(exec.name, "xmrig", "xmr-stak", "minerd", "cpuminer", "ccminer", "ethminer", "t-rex", "nbminer", "lolminer", "phoenixminer", "cgminer", "bfgminer", "nanominer", "srbminer-multi", "kinsing", "kdevtmpfsi") ||
              matches(command, "stratum[+12]*(tcp|ssl)?://|[ '\"]--(donate-level|coin|algo|nicehash|rig-id)([= '\"]|$)|(^|[^a-z0-9])(xmrig|xmr-stak|lolminer|nbminer|ethminer|phoenixminer|minerd)([^a-z0-9A-Z]|$)|(supportxmr[.]com|minexmr[.]com|nanopool[.]org|f2pool[.]com|2miners[.]com|moneroocean[.]stream|hashvault[.]pro|ethermine[.]org|c3pool[.]com)"))
  message  = "${command} has to do with a miner"
  why      = "the machine works for somebody else than the one who pays for it"
  fix      = "remove it"
  refs     = ["CWE-506", "ATT&CK T1496"]
  bad = [
    "./xmrig -o stratum+tcp://pool.example.org:3333 -u 44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
    "wget https://dl.example.org/xmrig-6.21.0-linux-static-x64.tar.gz",
  ]
  good = [
    "apt-get install -y determinerd-tools",
    "./miner-guide --help",
  ]
}

rule "MIN002" {
  title    = "kernel is tuned for mining"
  severity = "low"
  on       = "kernel"
  when     = (kernel.what == "sysctl" && kernel.name == "vm.nr_hugepages" && !one_of(kernel.value, "0")) || (kernel.what == "module" && kernel.name == "msr" && kernel.action == "load")
  message  = "${command} sets ${kernel.name}, as miners do"
  why      = "databases and virtual machines do it too; together with an unknown program it tells"
  fix      = "say in the listing what needs it"
  refs     = ["ATT&CK T1496"]
  bad      = ["sysctl -w vm.nr_hugepages=1280", "modprobe msr"]
  good     = ["sysctl -w vm.swappiness=10"]
}
