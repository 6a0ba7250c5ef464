# Code that hides what it is.
pack "baseline" {}

rule "OBF001" {
  title    = "decoded data is executed"
  severity = "critical"
  on       = "flow"
  when     = (flow.from == "decoder" && (flow.to == "interpreter" || (flow.to == "executable" &&
              !one_of(flow.tool, "gzip", "gunzip", "zcat", "bzip2", "bunzip2", "bzcat", "xz", "unxz", "xzcat", "zstd", "unzstd", "zstdcat", "lz4", "lz4cat", "lzma", "unlzma", "pigz", "unpigz", "uncompress", "gzcat"))))
  message  = "${flow.sink} runs what a decoder gives it"
  why      = "code is encoded so that reviewers do not read it"
  fix      = "write the code as it is"
  refs     = ["CWE-506", "ATT&CK T1027", "ATT&CK T1140"]
  bad = [
    "base64 -d /opt/blob | sh",
    "openssl enc -d -aes-256-cbc -k x -in payload.bin | bash",
  ]
  good = [
    "base64 -d /opt/logo.b64 > /srv/www/logo.png",
    "gzip -dc dump.sql.gz | mysql app",
  ]
}

rule "OBF002" {
  title    = "decoded text is evaluated"
  severity = "critical"
  on       = "flow"
  when     = flow.from == "decoder" && one_of(flow.to, "eval", "source")
  message  = "${flow.sink} evaluates what a decoder gives it"
  why      = "code is encoded so that reviewers do not read it"
  fix      = "write the code as it is"
  refs     = ["CWE-506", "CWE-95", "ATT&CK T1140"]
  bad      = ["eval \"$(base64 -d /opt/blob)\""]
  good     = ["eval \"$(dircolors -b)\""]
}

rule "OBF004" {
  title    = "name of a command is spelled so that nobody reads it"
  severity = "high"
  on       = "exec"
  when = ((matches(exec.spelled, "[$]'[^']*\\\\(x[0-9a-fA-F]|[0-7])") && matches(exec.name, "^[a-z]")) ||
    matches(exec.spelled, "[a-z](''|\"\"|\\\\[a-z])", "^(''|\"\")[a-z]") ||
    (matches(exec.spelled, "[$][{][A-Za-z_]+:[0-9 ]+(:[0-9]+)?[}]") && (is_interpreter(exec.name) || one_of(exec.name, "curl", "wget", "nc", "ncat", "eval", "base64"))))
  message  = "${exec.name} is written as ${exec.spelled}"
  why      = "escapes and quotes inside a name serve only to hide it from readers and scanners"
  fix      = "write the name of the program"
  refs     = ["CWE-506", "ATT&CK T1027.010"]
  bad      = ["$'\\x63url' -s https://x.example.org/list", "b\\a''sh -c id", "x=bashful\n$${x:0:4} -c id"]
  good     = ["'/opt/my app/run' -c id", "\"$PREFIX/bin/app\" start", "\\rm -f /tmp/x"]
}

rule "OBF014" {
  title    = "well-known command gets another meaning for every login"
  severity = "high"
  on       = "write"
  when     = ((path_under(write.path, "/etc/profile", "/etc/profile.d", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zsh", "/etc/skel") || matches(write.path, "/[.](bashrc|profile|bash_profile|bash_aliases|zshrc)$")) &&
              matches(write.effective, "^[^#]*alias[ \t]+(sudo|su|ssh|scp|sftp|passwd|gpg|doas|login|curl|wget|apt|apt-get|yum|dnf|systemctl|kill|ps|netstat|ss)=", "^[ \t]*(function[ \t]+)?(sudo|su|ssh|passwd|gpg)[ \t]*[(][ \t]*[)]"))
  message  = "${write.path} puts something else under a name that people trust"
  why      = "who calls the command gets what the alias says, passwords included"
  fix      = "remove the alias"
  refs     = ["CWE-426", "ATT&CK T1546.004"]
  bad      = ["echo \"alias sudo='/opt/app/s'\" >> /etc/profile.d/a.sh"]
  good     = ["echo \"alias ll='ls -l'\" >> /etc/profile.d/a.sh", "echo \"alias grep='grep --color=auto'\" >> /etc/profile.d/a.sh"]
}

rule "OBF005" {
  title    = "command is named by a pattern"
  severity = "high"
  on       = "exec"
  when     = matches(exec.path, "[?]|.[[]|[*][^/]*/|/s?bin/[^/]*[*]") && !one_of(exec.name, "[", "[[", "]")
  message  = "${command} lets a pattern choose the program"
  why      = "/???/b??h is /bin/bash to the machine and nothing to a reader"
  fix      = "write the name of the program"
  refs     = ["CWE-506", "ATT&CK T1027.010"]
  bad      = ["/???/b??h -c 'id'"]
  good     = ["[ -x /bin/bash ] && /bin/bash -c 'id'", "for hook in /etc/app/hooks/*.sh; do $hook start; done"]
}

rule "OBF007" {
  title    = "well-known command gets another meaning"
  severity = "medium"
  on       = "exec"
  when     = exec.name == "alias" && any_arg(exec, "^(sudo|su|ssh|scp|sftp|curl|wget|gpg|sha256sum|sha512sum|md5sum|passwd|apt|apt-get|yum|dnf|rpm|dpkg|git|docker|kill|ps|top|ls|cat|netstat|ss|lsof|cd)=.*(curl|wget|nc |/tmp/|--insecure|-k |tee|grep -v|/dev/tcp)", "^(sudo|su|ssh|scp|sftp|gpg|sha256sum|sha512sum|passwd|curl|wget|apt|apt-get|yum|dnf|rpm|dpkg|git|docker)=.*(/usr/local/|/home/|/opt/|/var/|/root/|~/|/[.])")
  message  = "${command} puts something else under a name that people trust"
  why      = "who calls the command gets what the alias says, passwords included"
  fix      = "remove the alias"
  refs     = ["CWE-426", "ATT&CK T1546.004", "ATT&CK T1564"]
  bad      = ["alias ps='ps aux | grep -v app'", "alias curl='curl -k '"]
  good     = ["alias ll='ls -l'", "alias ls='ls --color=auto'"]
}

rule "OBF008" {
  title    = "program runs from shared memory"
  severity = "medium"
  on       = "exec"
  when     = path_under(exec.path, "/dev/shm", "/run/shm", "/var/tmp", "/dev/mqueue") || matches(exec.path, "^/(tmp|var/tmp|dev/shm|run|etc|usr|var|lib|bin)/([^/]+/)*[.][^./][^/]*$")
  message  = "${command} runs a program from where none belongs"
  why      = "directories that everybody may write and that nobody looks at are where implants start"
  fix      = "install the program below /usr or /opt"
  refs     = ["CWE-426", "ATT&CK T1036.005", "ATT&CK T1564.001"]
  bad      = ["/dev/shm/run", "/tmp/.x11/.update --daemon"]
  good     = ["/tmp/setup/install.sh", "/root/.local/bin/tool"]
}

rule "OBF009" {
  title    = "large encoded text in a command"
  severity = "high"
  on       = "exec"
  when     = (one_of(exec.name, "base64", "base32", "xxd", "openssl", "uudecode", "python", "python3", "perl", "echo", "printf") || is_interpreter(exec.name)) && (blob_size(exec.stdin) >= param.blob_size || anytrue([for w in exec.argv : blob_size(w) >= param.blob_size]))
  message  = "${exec.name} gets an encoded text of a length that no one reads"
  why      = "a program can be hidden in it"
  fix      = "keep the file in the repository, where its digest is recorded"
  refs     = ["CWE-506", "ATT&CK T1027.009"]
  params = {
    blob_size = 1024
  }
  bad = [
    "echo eUK98iEG8IR3YvDzy012TccHIFEVmg+J8sbayuNEuzESRf1vhN+a18Wz0HasDo9TpzVsiJE/IPb3LbAi0k0KltrUPBYXwamOeBKeAyc3EGXQlYZPFa2guEbBwOvFNIrceZrfhJutBdShCsBEHqrutLSO+gsfCr2A6ZijWrpeoL2HmcE1DUOecYl6p1/eMTSkqnLgViisb+aKcz0RYaFdjq4rsELXlYrtsdWU1tES009mAvTecRDpk650IpI9fRcRZdwZBvY9V5l6CtMbOq5AgfQftHFlPj1XeoxBA/nMGYp/idga8qUAHEAXPxkj9xAs+qFQoSSzxcebuIdhqNs/QQHCKFsVv+vCFtwbvv6h19brCX1viiTZctpCDqa/hj7tP8A3ozQC8kl4xxYvMsBbDK4+DTr2kZktEno2Mx+mXCd7XH/oyYG8y7PWKsB401LU90/NTFMx/vfiX0WIZUuhdpfTiG+dC4n1w2ZYuHqk90nW9WnvDvYlzBfvdXgjb4J7YYRGXxKCVhegXdguKzwvh5UStuesAw+rqd/C+Cdr+shAoz2MJ9054IAxv7zml4c2rTr8tB6WXUxbveg/N0ip15lf6vafWiM2XMi3M4iKxBtFFfWKfrWqzuUjtP45TYozOTleYNXIQUrLY1dbZ4C9lg/j0MShnv6Z9w9hATd3+1jrZWNsEuM5kU5F7y0ZDbh3J/8JraWosEQpESivaSBm33H4oTcV0SdmUsj+8iLYavqbC+3qzeBc6RODu73luc1yAWuEvUnrY1FrC1fOVg5HOFbi+14eC87lotAQGnrOFMv8DXB7MMfyYVSqO7E/GpSM7pn6f4gPrLCiLx3eLQE1Dy4JVxL2G2CpZvSu9bMRw5zJLJZe0zrHq85ZxbdeudTgdeP2sIlWxvkVTlcL7y8xo3kcGObuqr0AJGPMNa2fOOYpa3sYTkkFOXWTanDWo2DvWigVOQwzZoIrN+7Mcjf4sc7kOJXjwmk7A+2ZJ66xYvgkutgibX+zH6t43OArgG+lVGlv7da8YdH30PARlQleMQ5Nlh/xFGNqjfvdE7DvZJNJNOOZ0uMnaU75kcC+Utyf7fJxuJOSD+2/t5h8BQdDTApUGQBo7rW5EfpeegaN3a0aMOafhn7/1oWtFg/bE1R+RdOsRI8IVhcI+B7r79S9V5ZdJUc00LTj6I6C55BPoUcT0vh2 | base64 -d > /opt/tool",
  ]
  good = [
    "echo aGVsbG8gd29ybGQK | base64 -d > /srv/www/hello.txt",
  ]
}

rule "OBF011" {
  title    = "characters that deceive the reader"
  severity = "high"
  on       = "exec"
  when     = is_deceptive(command) || is_deceptive(exec.stdin) || matches(exec.path, "[^ -~]")
  message  = "${exec.name} is called with characters that are invisible or turn the text around"
  why      = "what a reviewer sees is not what the shell reads"
  fix      = "remove the characters"
  refs     = ["CWE-1007", "CWE-451", "ATT&CK T1036.002"]
  bad      = ["echo \"user\u202e resu\" >> /etc/motd", "\u0441url https://x.example.org/list"]
  good     = ["echo \"Grüße aus München, 你好\" >> /etc/motd"]
}

rule "OBF016" {
  title    = "name that is made to be overlooked"
  severity = "high"
  on       = "exec"
  when     = matches(exec.path, "(^|/)[.]{3,}/", "(^|/)[.]+ +[^/]*(/|$)", "[^ \\\\] +(/|$)")
  message  = "${command} runs a program whose path looks like another one"
  why      = "three dots, or a blank at the end, are seen by nobody who lists a directory"
  fix      = "use a name that can be read"
  refs     = ["CWE-451", "ATT&CK T1036.005", "ATT&CK T1036.006"]
  bad      = ["/opt/.../run", "'/opt/app/init '"]
  good     = ["../app/run", "'/opt/my app/run' -c id", "./run"]
}

rule "OBF017" {
  title    = "process is hidden"
  severity = "high"
  on       = "exec"
  when     = exec.name == "mount" && (has_flag(exec, "B", "bind", "rbind", "R") || any_arg(exec, "(^|,)r?bind(,|$)")) && matches(command, " [\"']?/proc/([0-9]|[$]|…)[^ ]*$")
  message  = "${command} puts something over a process in /proc"
  why      = "whoever lists processes sees another one, or none"
  fix      = "remove it"
  refs     = ["CWE-451", "ATT&CK T1564", "ATT&CK T1036.004"]
  bad      = ["mount --bind /srv/empty /proc/1234", "mount -o bind /srv/empty /proc/$(cat /run/app.pid)"]
  good     = ["mount --bind /proc /mnt/proc", "mount -t proc proc /proc"]
}

rule "OBF018" {
  title    = "archive is opened with a password of the script"
  severity = "medium"
  on       = "exec"
  when     = ((exec.name == "unzip" && has_flag(exec, "P")) || (matches(exec.name, "^7z[ar]?$|^un?rar$") && has_arg(exec, "x", "e") && any_arg(exec, "^-p.")))
  message  = "${command} unpacks what no scanner has seen"
  why      = "a password that stands beside the archive keeps out only those who would look into it"
  fix      = "keep the archive open, and pin its digest"
  refs     = ["CWE-506", "ATT&CK T1027.013"]
  bad      = ["unzip -P infected -o /srv/a.zip -d /opt", "7z x -pinfected /srv/a.7z"]
  good     = ["unzip -qo /srv/a.zip -d /opt", "7z x /srv/a.7z"]
}

rule "OBF019" {
  title    = "file whose name is made to be overlooked"
  severity = "medium"
  on       = "write"
  when     = !write.deleted && matches(write.path, "(^|/)[.]{3,}(/|$)", "(^|/)[.]+ +[^/]*(/|$)", "[^ ] +(/|$)")
  message  = "${write.path} looks like another path"
  why      = "three dots, or a blank at the end, are seen by nobody who lists a directory"
  fix      = "use a name that can be read"
  refs     = ["CWE-451", "ATT&CK T1036.005", "ATT&CK T1564.001"]
  bad      = ["cp /bin/sh /opt/.../sh", "echo x > '/opt/app/init '"]
  good     = ["cp /bin/sh '/opt/my app/sh'", "echo x > /opt/app/.init"]
}

rule "OBF006" {
  title    = "script unpacks itself"
  severity = "high"
  on       = "exec"
  when = ((is_shell(exec.name) || one_of(exec.name, "tar", "bsdtar", "cpio", "unzip", "perl") || matches(exec.name, "^python[0-9.]*$")) &&
    anytrue([for u in exec.upstream : matches(u, "^(tail|sed|awk|dd|head) ") &&
      (matches(u, "[$][{]?0[}]?( |$)", "BASH_SOURCE") || (exec.script != null && length(split(coalesce(exec.script, "-"), u)) > 1))]))
  message  = "${exec.name} gets what stands behind the end of the script itself"
  why      = "what is behind the end of a script is read by no reviewer, and by no parser"
  fix      = "keep the payload as a file of the repository, where its digest is recorded"
  refs     = ["CWE-506", "ATT&CK T1027.009", "ATT&CK T1140"]
  bad      = ["tail -n +20 \"$0\" | tar -xz -C /opt/app", "sed '1,/^__END__$/d' \"$0\" | sh"]
  good     = ["sed -n 's/^## //p' \"$0\"", "tail -n +4 \"$0\" > /srv/data", "tail -n +2 /etc/app/list | tar -xz -C /opt/app -T -"]
}
