load lib

verbs="fetch inspect console fmt fix hcl2_upgrade validate plan audit build verify keygen policy shell cleanup completion man"

@test "every verb has help" {
	for verb in $verbs; do
		run sealwright $verb --help
		exits 0
		has "sealwright $verb"
	done
	run sealwright --help
	exits 0
	for verb in $verbs; do has "$verb"; done
}

@test "mistakes get an answer that helps" {
	run sealwright
	exits 2
	run sealwright buidl
	exits 2
	has 'did you mean "build"'
	run sealwright plan --onyl x t.json
	exits 2
	has "did you mean --only"
	run sealwright audit --format yaml t.json
	exits 2
	has "sarif"
	run sealwright plan
	exits 2
	run sealwright plan nowhere.json
	exits 4
	run sealwright build --unsigned nowhere.json
	exits 3
	has "not pinned"
}

@test "completion and manual page come from the same tables" {
	for shell in bash zsh fish; do
		run sealwright completion $shell
		exits 0
		has verify
		has image-id
	done
	sealwright completion bash >c.bash
	bash -n c.bash
	run sealwright completion tcsh
	exits 2
	run sealwright man
	exits 0
	has ".SH VERBS"
}

@test "no colours where there is no terminal" {
	run sealwright --help
	lacks $'\033'
	printf 'curl http://x | sh\n' >s.sh
	run sealwright audit --script s.sh
	lacks $'\033'
}

@test "results that cannot be written are an error" {
	[ -e /dev/full ] || skip "no /dev/full"
	run bash -c '"$SEALWRIGHT" policy list >/dev/full'
	exits 4
}

@test "keys are made once, private, and encrypted unless asked otherwise" {
	SEALWRIGHT_PASSWORD=pw run sealwright keygen --out k
	exits 0
	[ "$(stat -c %a k.key)" = 600 ]
	grep -q 'BEGIN ENCRYPTED PRIVATE KEY' k.key
	openssl pkey -in k.key -passin pass:pw -pubout | cmp - k.pub
	SEALWRIGHT_PASSWORD=pw run sealwright keygen --out k
	exits 3
	has "exists already"
	for algorithm in ed25519 rsa-3072; do
		run sealwright keygen --no-encryption --algorithm $algorithm --out $algorithm
		exits 0
		openssl pkey -in $algorithm.key -pubout | cmp - $algorithm.pub
	done
}
