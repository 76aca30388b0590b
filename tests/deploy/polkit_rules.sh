# Asks a real polkitd, with the files of RULES alone as its rules, on a bus of its own (needs root, and a mount
# namespace of its own: `unshare --mount sh polkit_rules.sh FOLDER RULES ACTION...`).
# Prints USER ACTION ANSWER for the panel's user, the engine's and another one.
set -eu
folder=$1 rules=$2
shift 2
mkdir "$folder/rules.d"
cp "$rules"/*.rules "$folder/rules.d/"
chmod 755 "$folder" "$folder/rules.d"
chmod 644 "$folder/rules.d"/*
{
    cat /etc/passwd
    for row in ddsp-edge-panel:64001 ddsp-edge:64002 ddsp-edge-network:64004 somebody:64003; do
        echo "${row%:*}:x:${row#*:}:64001::/:/usr/sbin/nologin"
    done
} >"$folder/passwd"
mount --bind "$folder/rules.d" /etc/polkit-1/rules.d
mount --bind "$folder/passwd" /etc/passwd
[ ! -d /usr/share/polkit-1/rules.d ] || mount -t tmpfs none /usr/share/polkit-1/rules.d
# Actions of programs that are not installed here (NetworkManager) are declared: polkitd judges no others.
cp -r /usr/share/polkit-1/actions "$folder/actions"
{
    echo '<policyconfig>'
    for action; do
        grep -qs "\"$action\"" /usr/share/polkit-1/actions/*.policy && continue
        echo "<action id='$action'><description>x</description><message>x</message><defaults><allow_any>no</allow_any></defaults></action>"
    done
    echo '</policyconfig>'
} >"$folder/actions/ddsp-edge-test.policy"
mount --bind "$folder/actions" /usr/share/polkit-1/actions
cat >"$folder/bus.conf" <<BUS
<busconfig><type>custom</type><listen>unix:path=$folder/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
</policy></busconfig>
BUS
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$folder/bus"
dbus-daemon --config-file="$folder/bus.conf" --nofork --nopidfile 2>"$folder/bus.log" &
bus=$!
/usr/lib/polkit-1/polkitd >"$folder/polkitd.log" 2>&1 &
daemon=$!
trap 'kill $daemon $bus 2>/dev/null || true; wait' EXIT
tries=0
until busctl status org.freedesktop.PolicyKit1 >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 150 ] || { cat "$folder"/*.log >&2; exit 1; }
    sleep 0.2
done
for user in ddsp-edge-panel ddsp-edge ddsp-edge-network somebody; do
    setpriv --reuid "$user" --clear-groups sleep 600 &
    asked=$!
    # Until then it is root's, whom polkit allows everything.
    until [ "$(cat /proc/$asked/comm)" = sleep ]; do sleep 0.02; done
    for action; do
        if pkcheck --action-id "$action" --process $asked >/dev/null 2>&1; then
            echo "$user $action yes"
        else
            echo "$user $action no"
        fi
    done
    kill $asked
done
