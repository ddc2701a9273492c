# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# bash completion for svm-mmio

_svm_mmio() {
	local cur=${COMP_WORDS[COMP_CWORD]} command='' word i
	local commands='doctor status boot probe devices claim release test access bench audit'
	local common='--json --colour=auto --colour=always --colour=never --help --version'

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ " $commands " == *" $word "* ]]; then
			command=$word
			break
		fi
	done

	if [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands $common" -- "$cur")
		return
	fi
	case $command:$cur in
	audit:-*) mapfile -t COMPREPLY < <(compgen -W '--all --list --quiet --json' -- "$cur") ;;
	claim:-*) mapfile -t COMPREPLY < <(compgen -W '--force --json' -- "$cur") ;;
	test:-*) mapfile -t COMPREPLY < <(compgen -W '--ktap --json' -- "$cur") ;;
	bench:-*) mapfile -t COMPREPLY < <(compgen -W '--csv --count --json' -- "$cur") ;;
	boot:*) mapfile -t COMPREPLY < <(compgen -W 'on off status --json' -- "$cur") ;;
	audit:*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur"
			compgen -f -X '!*.@(ko|ko.gz|ko.xz|ko.zst|o)' -- "$cur")
		;;
	probe:* | claim:* | release:* | test:* | access:* | bench:*)
		# A BDF has colons, at which bash splits words: complete what follows the last one.
		mapfile -t COMPREPLY < <(cd /sys/bus/pci/devices 2>/dev/null && compgen -W "$(echo *)" -- "$cur")
		;;
	esac
}

complete -F _svm_mmio svm-mmio
