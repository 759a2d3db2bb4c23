#ifndef IPVS_AGENT_WATCHERS_SERVICE_READER_H_
#define IPVS_AGENT_WATCHERS_SERVICE_READER_H_

#include <string>

#include "watchers/cluster_ips.h"
#include "watchers/object_reader.h"

namespace watchers {

// Reads v1 Services.
class ServiceReader final : public ObjectReader {
 public:
  ServiceReader();

 private:
  void clear() override;
  ObjectNews build() override;
  void on_string(Field field, std::string_view value) override;
  void on_integer(Field field, std::int64_t value) override;
  void on_member(Field field, std::string_view name, std::string_view value) override;
  void on_begin_array(Field field) override;
  void on_begin_object(Field field) override;
  void on_end_object(Field field) override;

  void read_type(std::string_view text);
  TrafficPolicy read_policy(std::string_view text);
  void read_source_range(std::string_view text);
  void end_port();
  void end_ingress();

  Service draft_;
  std::vector<std::pair<std::string, std::string>> labels_;
  ClusterIpFields cluster_ip_fields_;
  bool client_ip_affinity_ = false;
  std::uint32_t affinity_timeout_s_ = 0;
  base::Port health_check_node_port_ = 0;
  ServicePort port_;
  bool port_usable_ = false;
  bool ports_given_ = false;
  std::string ingress_ip_;
  std::string ingress_mode_;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_SERVICE_READER_H_
