# shellcheck shell=bash disable=SC2154
# The Debian package: what it says, what it holds, and what installing it does.

# Makes ./package.deb and unpacks it to ./tree and ./tree/DEBIAN.
make_package() {
  local build
  build=$(dirname "$(dirname "$kAgent")")
  (cd "$build" && cpack -G DEB -B "$scratch/cpack" --config CPackConfig.cmake)
  mv "$scratch"/cpack/*.deb package.deb
  dpkg-deb -R package.deb tree
}

files_case_debian_package_is_whole() {
  local wanted
  make_package
  dpkg --info package.deb
  for wanted in 'Package: ipvs-agent' 'Section: net' 'iptables' 'kmod' 'libcpprest' 'libipset'; do
    expect_in "$wanted" tree/DEBIAN/control
  done
  diff tree/DEBIAN/conffiles - <<<'/etc/ipvs-agent/config.yaml'
  for wanted in etc/ipvs-agent/config.yaml lib/systemd/system/ipvs-agent.service \
    usr/share/doc/ipvs-agent/{copyright,changelog.gz,README.md.gz,configuration.md.gz,command-line.md.gz}; do
    [[ -s tree/$wanted && $(stat -c %a "tree/$wanted") == 644 ]] || { echo "$wanted"; return 1; }
  done
  tree/usr/sbin/ipvs-agent --version
  if readelf -S tree/usr/sbin/ipvs-agent | grep -q '\.debug_info'; then echo "not stripped"; return 1; fi
  dpkg-deb --fsys-tarfile package.deb | tar -tv | awk '$2 != "root/root" { print; bad = 1 } END { exit bad }'
}

# Nothing starts by itself, and what an administrator wrote stays.
files_case_debian_package_installs_quietly() {
  local root=$PWD/root dpkg
  make_package
  mkdir -p "$root"/var/lib/dpkg/{info,updates,triggers}
  touch "$root/var/lib/dpkg/status"
  dpkg=(dpkg "--root=$root" --log=/dev/null --force-depends --force-script-chrootless)
  "${dpkg[@]}" --install package.deb
  [[ ! $(find "$root/etc/systemd" -name '*ipvs-agent*' 2>/dev/null) ]]
  echo '# mine' >>"$root/etc/ipvs-agent/config.yaml"
  "${dpkg[@]}" --install package.deb
  expect_in '# mine' "$root/etc/ipvs-agent/config.yaml"
  "${dpkg[@]}" --remove ipvs-agent
  expect_in '# mine' "$root/etc/ipvs-agent/config.yaml"
  "${dpkg[@]}" --purge ipvs-agent
  [[ ! -e $root/etc/ipvs-agent/config.yaml ]]
}

files_case_systemd_takes_the_unit() {
  sed "s#/usr/sbin/ipvs-agent#$kAgent#" "$kRoot/deploy/debian/ipvs-agent.service" >ipvs-agent.service
  systemd-analyze verify --man=no ./ipvs-agent.service 2>&1 | grep ipvs-agent.service >complaints || true
  [[ ! -s complaints ]] || { cat complaints; return 1; }
}
