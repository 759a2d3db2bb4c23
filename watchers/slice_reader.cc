#include "watchers/slice_reader.h"

#include <memory>
#include <utility>

#include "watchers/api_time.h"
#include "watchers/quote.h"

namespace watchers {

const std::initializer_list<FieldStep> kPortSteps = {
    {kPorts, "name", kPortName, FieldShape::kString},
    {kPorts, "port", kPortNumber, FieldShape::kInteger},
    {kPorts, "protocol", kPortProtocol, FieldShape::kString},
};

void SliceReader::clear() {
  draft_ = {};
  group_ = {};
}

void SliceReader::on_string(Field field, std::string_view value) {
  switch (field) {
    case kNodeName: place_.node = value; break;
    case kPortName: port_.name = value; break;
    case kPortProtocol:
      if (auto protocol = read_protocol(value)) {
        port_.protocol = *protocol;
      } else {
        port_usable_ = false;
      }
      break;
    default: ObjectReader::on_string(field, value); break;
  }
}

void SliceReader::on_integer(Field field, std::int64_t value) {
  if (field == kPortNumber) port_.port = read_port(value, 1).value_or(0);
}

void SliceReader::on_member(Field field, std::string_view name, std::string_view value) {
  if (field == kAnnotations && name == "endpoints.kubernetes.io/last-change-trigger-time") {
    draft_.trigger_time = parse_api_time(value);
    if (!draft_.trigger_time) problem(quote(value), "a time such as 2026-07-01T12:00:00Z");
  }
  ObjectReader::on_member(field, name, value);
}

void SliceReader::on_begin_object(Field field) {
  if (field != kPorts) return;
  port_ = {};
  port_usable_ = true;
}

void SliceReader::on_end_object(Field field) {
  if (field == kPorts) end_port();
}

void SliceReader::end_port() {
  if (!port_usable_) return;
  if (port_.port == 0) {
    problem("no usable port number", "port 1-65535");
    return;
  }
  group_.ports.push_back(std::move(port_));
}

void SliceReader::begin_endpoint() {
  endpoint_ = {};
  place_.node.clear();
  place_.hints.zones.clear();
  place_.hints.nodes.clear();
  address_usable_ = false;
}

void SliceReader::read_endpoint_address(std::string_view text) {
  if (auto address = read_unicast(text, /*link_local=*/false)) {
    endpoint_.address = *address;
    address_usable_ = true;
  }
}

void SliceReader::end_endpoint() {
  if (!address_usable_) return;
  endpoint_.place = pool_.place(place_);
  group_.endpoints.push_back(std::move(endpoint_));
}

void SliceReader::end_group() {
  group_.endpoints.shrink_to_fit();
  group_.ports.shrink_to_fit();
  draft_.groups.push_back(std::move(group_));
}

ObjectNews SliceReader::finish() {
  draft_.key = object_key();
  draft_.resource_version = resource_version();
  draft_.problems = std::move(problems());
  return std::make_shared<const EndpointSlice>(std::move(draft_));
}

}  // namespace watchers
