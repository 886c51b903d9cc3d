#!/usr/bin/env bash
# Takes Latchkey out of a cluster, in the order that leaves nothing behind and nothing waiting for a
# controller that is gone. It can be run again at any time, also after one that failed or after a
# "kubectl delete -k" that hangs. It deletes every user, role and login of every realm.
set -euo pipefail

usage() {
	cat <<-END
		usage: config/uninstall/uninstall.sh [--dry-run] [--namespace=latchkey] [--delete-namespace] [--patience=30] [--timeout=120]

		  --dry-run           say what would be done, and change nothing
		  --namespace         where Latchkey runs
		  --delete-namespace  delete that namespace, too, with whatever else is in it
		  --patience          seconds to wait for a leader that ends no Session
		  --timeout           seconds to wait for anything else to be gone

		KUBECTL is the kubectl to use; KUBECONFIG says where, as always.
	END
}

namespace=latchkey dry_run='' delete_namespace='' patience=30 timeout=120
for argument in "$@"; do
	case $argument in
	--dry-run) dry_run=1 ;;
	--namespace=?*) namespace=${argument#*=} ;;
	--delete-namespace) delete_namespace=1 ;;
	--patience=?*) patience=${argument#*=} ;;
	--timeout=?*) timeout=${argument#*=} ;;
	-h | --help) usage && exit ;;
	*) usage >&2 && exit 2 ;;
	esac
done

group=auth.latchkey.dev
sessions=sessions.$group

say() { printf 'uninstall: %s\n' "$*"; }
ask() { "${KUBECTL:-kubectl}" "$@"; }
change() {
	if [ -n "$dry_run" ]; then
		say "would run: kubectl $*"
	else
		ask "$@"
	fi
}

is_served() { [ -n "$(ask get crd "$1" --ignore-not-found --output=name)" ]; }

count_sessions() {
	if is_served $sessions; then
		ask get $sessions --all-namespaces --output=name | wc -l
	else
		echo 0
	fi
}

# stop ends the Pods of a component.
stop() {
	say "stopping latchkey $1"
	change --namespace="$namespace" delete deployment "latchkey-$1" --ignore-not-found
	change --namespace="$namespace" wait --for=delete pod --timeout="${timeout}s" \
		--selector="app.kubernetes.io/name=latchkey,app.kubernetes.io/component=$1"
}

# end_sessions deletes the Sessions. Each has a finalizer, which lets the leader revoke the login first;
# if none takes it off, nobody will, and there is nobody left whom a token could deceive: serve has ended.
end_sessions() {
	local left last waited=0 stripped=''
	left=$(count_sessions)
	[ "$left" -gt 0 ] || return 0
	say "ending $((left)) Sessions"
	change delete $sessions --all --all-namespaces --wait=false
	[ -z "$dry_run" ] || return 0
	last=$left
	while left=$(count_sessions) && [ "$left" -gt 0 ]; do
		if [ "$left" -lt "$last" ]; then
			last=$left waited=0
		elif [ "$waited" -ge "$patience" ] && [ -z "$stripped" ]; then
			say "no controller is running that would end the last $((left)) Sessions: taking their finalizer off"
			strip
			waited=0 stripped=1
		elif [ "$waited" -ge "$patience" ]; then
			say "$((left)) Sessions are still there: other finalizers hold them, or a latchkey serve that wasn't stopped makes new ones" >&2
			exit 1
		else
			sleep 1
			waited=$((waited + 1))
		fi
	done
}

# strip takes Latchkey's finalizer off every Session, and no other's.
strip() {
	local in name finalizers
	ask get $sessions --all-namespaces \
		--output=jsonpath='{range .items[*]}{.metadata.namespace}{" "}{.metadata.name}{" "}{.metadata.finalizers}{"\n"}{end}' |
		while read -r in name finalizers; do
			finalizers=$(printf '%s' "$finalizers" | sed "s|\"$group/revoke\"||; s|,,|,|; s|\[,|[|; s|,\]|]|")
			ask --namespace="$in" patch $sessions "$name" --type=merge \
				--patch="{\"metadata\":{\"finalizers\":${finalizers:-[]}}}" >/dev/null || say "$in/$name can't be patched: perhaps it is gone"
		done
}

[ -z "$dry_run" ] || say 'a dry run: nothing is changed'

stop serve # first, so that nobody logs in any more. Proxies that ask it refuse everything from now on
end_sessions

for kind in revokedtokens users roles realms; do
	if is_served $kind.$group; then
		say "deleting every one of $kind"
		change delete $kind.$group --all --all-namespaces --timeout="${timeout}s"
	fi
done

stop controller # not before here: it may be needed

# Now that no leader makes it again, and before nobody is left to answer.
change delete validatingwebhookconfigurations.admissionregistration.k8s.io latchkey --ignore-not-found
stop kubernetes

say 'deleting what Latchkey made itself: signing keys, passwords that were set over HTTP, Leases'
change delete secrets --all-namespaces --field-selector="type=$group/signing-keys"
change delete secrets --all-namespaces --field-selector="type=$group/password" --selector=app.kubernetes.io/managed-by=latchkey
change --namespace="$namespace" delete secrets latchkey-kubernetes-ca latchkey-kubernetes-tls --ignore-not-found
change --namespace="$namespace" delete leases latchkey-leader --ignore-not-found
change --namespace="$namespace" delete leases --selector=$group/replica

say 'deleting rights'
rbac=rbac.authorization.k8s.io
for right in realm-serve realm-serve-passwords realm-serve-user-management realm-controller; do # in every realm
	change delete rolebindings.$rbac,roles.$rbac --all-namespaces --field-selector="metadata.name=latchkey-$right"
done
for people in admins editors viewers; do
	change delete rolebindings.$rbac --all-namespaces --field-selector="metadata.name=latchkey-realm-$people"
done
change --namespace="$namespace" delete rolebindings.$rbac,roles.$rbac latchkey-serve latchkey-controller latchkey-controller-events --ignore-not-found
change delete clusterrolebindings.$rbac,clusterroles.$rbac latchkey-serve latchkey-controller latchkey-kubernetes --ignore-not-found
change delete clusterroles.$rbac latchkey-admin latchkey-editor latchkey-viewer --ignore-not-found
change --namespace="$namespace" delete serviceaccounts latchkey-serve latchkey-controller latchkey-kubernetes --ignore-not-found

say 'deleting the Service and policies'
policies=admissionregistration.k8s.io
change delete validatingadmissionpolicybindings.$policies,validatingadmissionpolicies.$policies latchkey-admin-role latchkey-own-secrets latchkey-replica-leases latchkey-signing-keys --ignore-not-found
change --namespace="$namespace" delete services latchkey latchkey-kubernetes --ignore-not-found
change --namespace="$namespace" delete poddisruptionbudgets latchkey-serve latchkey-controller latchkey-kubernetes --ignore-not-found
change --namespace="$namespace" delete networkpolicies default-deny latchkey-public latchkey-operations latchkey-api-server latchkey-kubernetes latchkey-kubernetes-leader --ignore-not-found

say 'deleting the CRDs'
change delete crd $sessions revokedtokens.$group users.$group roles.$group realms.$group --ignore-not-found --timeout="${timeout}s"

if [ -n "$delete_namespace" ]; then
	say "deleting the namespace $namespace"
	change delete namespace "$namespace" --ignore-not-found --wait=false
fi

kept=$(ask get secrets --all-namespaces --field-selector="type=$group/password" --output=name | wc -l)
[ "$kept" -eq 0 ] || say "$((kept)) password Secrets were made by people, and stay: kubectl get secrets --all-namespaces --field-selector=type=$group/password"
say 'done'
