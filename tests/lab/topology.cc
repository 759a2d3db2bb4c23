#include "tests/lab/topology.h"

#include <sstream>
#include <utility>

namespace lab {
namespace {

using base::Family;
using base::IpAddress;
using base::IpPrefix;

constexpr Family kFamilies[] = {Family::kIpv4, Family::kIpv6};

IpAddress address(const std::string& text) { return IpAddress::parse(text).value(); }

IpAddress pick(Family family, const std::string& four, const std::string& six) {
  return address(family == Family::kIpv4 ? four : six);
}

std::string number(std::size_t first, std::size_t index) { return std::to_string(first + index); }

// Runs a list of `ip` commands inside. No duplicate address detection: nothing would wait for it.
base::Status run_ip(const Namespace& where, const std::string& batch) {
  return where.check({"ip", "-batch", "-"}, batch).status();
}

void add_address(std::ostream& batch, const IpAddress& address, int length,
                 std::string_view device) {
  batch << "addr add " << address.to_string() << '/' << length << " dev " << device
        << (address.is_ipv4() ? "\n" : " nodad\n");
}

IpAddress router_inside_address(Family family) {
  return pick(family, "172.30.0.254", "2001:db8:2::fe");
}

void add_route(std::ostream& batch, const IpPrefix& to, const IpAddress& via) {
  batch << "route replace " << to.to_string() << " via " << via.to_string() << '\n';
}

base::Result<std::vector<Namespace>> make_namespaces(const std::string& prefix, int count) {
  std::vector<Namespace> namespaces;
  for (int i = 0; i < count; ++i) {
    base::Result<Namespace> made = Namespace::create(prefix + std::to_string(i));
    if (!made) return made.status();
    namespaces.push_back(std::move(*made));
  }
  return namespaces;
}

}  // namespace

IpAddress Topology::node_address(Family family) {
  return pick(family, "192.0.2.1", "2001:db8:1::1");
}
IpAddress Topology::node_inside_address(Family family) {
  return pick(family, "172.30.0.1", "2001:db8:2::1");
}
IpAddress Topology::client_address(std::size_t index, Family family) {
  return pick(family, "192.0.2." + number(11, index), "2001:db8:1::" + number(11, index));
}
IpAddress Topology::pod_address(std::size_t index, Family family) {
  return pick(family, "10.244.1." + number(11, index), "fd00:10:244:1::" + number(11, index));
}
IpAddress Topology::remote_address(std::size_t index, Family family) {
  return pick(family, "10.244." + number(11, index) + ".2",
              "fd00:10:244:" + number(11, index) + "::2");
}
IpAddress Topology::remote_host_address(std::size_t index, Family family) {
  return pick(family, "172.30.0." + number(11, index), "2001:db8:2::" + number(11, index));
}
IpPrefix Topology::remote_prefix(std::size_t index, Family family) {
  return IpPrefix(remote_address(index, family), family == Family::kIpv4 ? 24 : 64).masked();
}
IpPrefix Topology::pod_prefix(Family family) {
  return family == Family::kIpv4 ? IpPrefix(address("10.244.1.0"), 24)
                                 : IpPrefix(address("fd00:10:244:1::"), 64);
}
IpPrefix Topology::cluster_prefix(Family family) {
  return family == Family::kIpv4 ? IpPrefix(address("10.244.0.0"), 16)
                                 : IpPrefix(address("fd00:10:244::"), 48);
}

base::Result<Topology> Topology::create(const TopologyOptions& options) {
  base::Result<Namespace> node = Namespace::create(options.name + "-node");
  if (!node) return node.status();
  base::Result<Namespace> lan = Namespace::create(options.name + "-lan");
  if (!lan) return lan.status();
  Topology topology(std::move(*node), std::move(*lan));
  base::Status joined = topology.join(options);
  if (!joined) return joined.in("topology " + options.name);
  return topology;
}

base::Status Topology::join(const TopologyOptions& options) {
  auto clients = make_namespaces(options.name + "-client", options.clients);
  if (!clients) return clients.status();
  clients_ = std::move(*clients);
  auto pods = make_namespaces(options.name + "-pod", options.pods);
  if (!pods) return pods.status();
  pods_ = std::move(*pods);
  auto remotes = make_namespaces(options.name + "-remote", options.remotes);
  if (!remotes) return remotes.status();
  remotes_ = std::move(*remotes);
  for (auto step :
       {&Topology::configure_lan, &Topology::configure_node, &Topology::configure_hosts}) {
    base::Status done = (this->*step)();
    if (!done) return done;
  }
  return options.remotes_have_a_router ? configure_router() : base::Status();
}

base::Status Topology::configure_lan() const {
  std::ostringstream batch;
  batch << "link add outside type bridge\nlink add inside type bridge\n"
        << "link set outside up\nlink set inside up\n";
  auto plug = [&](const std::string& port, const Namespace& to, std::string_view device,
                  std::string_view bridge) {
    batch << "link add " << port << " type veth peer name " << device << " netns " << to.name()
          << "\nlink set " << port << " master " << bridge << " up\n";
  };
  plug("node-out", node_, "eth0", "outside");
  plug("node-in", node_, "eth1", "inside");
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    plug("client" + std::to_string(i), clients_[i], "eth0", "outside");
  }
  for (std::size_t i = 0; i < remotes_.size(); ++i) {
    plug("remote" + std::to_string(i), remotes_[i], "eth0", "inside");
  }
  // Where br_netfilter is loaded, bridged packets would go through iptables here.
  for (const char* path :
       {"net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"}) {
    if (lan_.sysctl(path)) {
      base::Status off = lan_.set_sysctl(path, "0");
      if (!off) return off;
    }
  }
  return run_ip(lan_, batch.str());
}

base::Status Topology::configure_node() const {
  // A machine's own rp_filter is inherited here; it would drop what comes back another way.
  const std::pair<const char*, const char*> sysctls[] = {
      {"net/ipv4/ip_forward", "1"},
      {"net/ipv6/conf/all/forwarding", "1"},
      {"net/ipv4/conf/all/rp_filter", "0"},
      {"net/ipv4/conf/default/rp_filter", "0"},
  };
  for (const auto& [path, value] : sysctls) {
    base::Status set = node_.set_sysctl(path, value);
    if (!set) return set;
  }
  std::ostringstream batch;
  batch << "link set eth0 up\nlink set eth1 up\n";
  for (std::size_t i = 0; i < pods_.size(); ++i) {
    batch << "link add pod" << i << " type veth peer name eth0 netns " << pods_[i].name()
          << "\nlink set pod" << i << " up\naddr add 10.244.1.1/32 dev pod" << i
          << "\naddr add fe80::1/64 dev pod" << i << " nodad\n";
  }
  for (Family family : kFamilies) {
    add_address(batch, node_address(family), family == Family::kIpv4 ? 24 : 64, "eth0");
    add_address(batch, node_inside_address(family), family == Family::kIpv4 ? 24 : 64, "eth1");
    for (std::size_t i = 0; i < pods_.size(); ++i) {
      batch << "route add " << IpPrefix(pod_address(i, family)).to_string() << " dev pod" << i
            << '\n';
    }
    for (std::size_t i = 0; i < remotes_.size(); ++i) {
      add_route(batch, remote_prefix(i, family), remote_host_address(i, family));
    }
  }
  return run_ip(node_, batch.str());
}

base::Status Topology::configure_hosts() const {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    std::ostringstream batch;
    batch << "link set eth0 up\n";
    for (Family family : kFamilies) {
      add_address(batch, client_address(i, family), family == Family::kIpv4 ? 24 : 64, "eth0");
      batch << "route add default via " << node_address(family).to_string() << '\n';
    }
    base::Status done = run_ip(clients_[i], batch.str());
    if (!done) return done;
  }
  for (std::size_t i = 0; i < pods_.size(); ++i) {
    std::ostringstream batch;
    batch << "link set eth0 up\n";
    for (Family family : kFamilies) {
      IpAddress own = pod_address(i, family);
      add_address(batch, own, own.bits(), "eth0");
    }
    batch << "route add 10.244.1.1 dev eth0\nroute add default via 10.244.1.1\n"
          << "route add default via fe80::1 dev eth0\n";
    base::Status done = run_ip(pods_[i], batch.str());
    if (!done) return done;
  }
  for (std::size_t i = 0; i < remotes_.size(); ++i) {
    std::ostringstream batch;
    batch << "link set eth0 up\n";
    for (Family family : kFamilies) {
      IpAddress own = remote_address(i, family);
      add_address(batch, remote_host_address(i, family), family == Family::kIpv4 ? 24 : 64, "eth0");
      add_address(batch, own, own.bits(), "lo");
      batch << "route add default via " << node_inside_address(family).to_string() << '\n';
    }
    base::Status done = run_ip(remotes_[i], batch.str());
    if (!done) return done;
  }
  return {};
}

base::Status Topology::configure_router() const {
  for (const char* path : {"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"}) {
    base::Status set = lan_.set_sysctl(path, "1");
    if (!set) return set;
  }
  const IpPrefix everywhere[] = {IpPrefix(address("0.0.0.0"), 0), IpPrefix(address("::"), 0)};
  std::ostringstream router;
  for (Family family : kFamilies) {
    add_address(router, pick(family, "192.0.2.254", "2001:db8:1::fe"),
                family == Family::kIpv4 ? 24 : 64, "outside");
    add_address(router, router_inside_address(family), family == Family::kIpv4 ? 24 : 64, "inside");
    add_route(router, pod_prefix(family), node_inside_address(family));
    for (std::size_t i = 0; i < remotes_.size(); ++i) {
      add_route(router, remote_prefix(i, family), remote_host_address(i, family));
    }
  }
  base::Status done = run_ip(lan_, router.str());
  for (std::size_t i = 0; done && i < remotes_.size(); ++i) {
    std::ostringstream batch;
    for (Family family : kFamilies) {
      add_route(batch, everywhere[family == Family::kIpv4 ? 0 : 1], router_inside_address(family));
      add_route(batch, pod_prefix(family), node_inside_address(family));
      add_route(batch, IpPrefix(node_address(family)), node_inside_address(family));
      for (std::size_t other = 0; other < remotes_.size(); ++other) {
        if (other == i) continue;
        add_route(batch, remote_prefix(other, family), remote_host_address(other, family));
      }
    }
    done = run_ip(remotes_[i], batch.str());
  }
  return done;
}

}  // namespace lab
