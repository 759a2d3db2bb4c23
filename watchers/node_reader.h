#ifndef IPVS_AGENT_WATCHERS_NODE_READER_H_
#define IPVS_AGENT_WATCHERS_NODE_READER_H_

#include <string>

#include "watchers/object_reader.h"

namespace watchers {

// Reads v1 Nodes.
class NodeReader final : public ObjectReader {
 public:
  NodeReader();

 private:
  void clear() override;
  ObjectNews build() override;
  void on_string(Field field, std::string_view value) override;
  void on_member(Field field, std::string_view name, std::string_view value) override;
  void on_begin_array(Field field) override;
  void on_begin_object(Field field) override;
  void on_end_object(Field field) override;

  void read_pod_cidr(std::string_view text);

  Node draft_;
  std::string pod_cidr_;
  std::string address_type_;
  std::string address_;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_NODE_READER_H_
