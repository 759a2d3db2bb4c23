#include "netconf/conntrack_table.h"

namespace netconf {
namespace {

std::string direction_text(const FlowDirection& direction) {
  return "src=" + direction.source.to_string() + " dst=" + direction.destination.to_string() +
         " sport=" + std::to_string(direction.source_port) +
         " dport=" + std::to_string(direction.destination_port);
}

}  // namespace

std::string to_text(const Flow& flow) {
  std::string text(base::to_lower(flow.protocol));
  text += " " + direction_text(flow.original) + " " + direction_text(flow.reply);
  if (flow.zone != 0) text += " zone=" + std::to_string(flow.zone);
  return text;
}

std::string to_text(const DeleteFlow& op) {
  const FlowDirection& original = op.flow.original;
  std::string text = "-D -p ";
  text += base::to_lower(op.flow.protocol);
  text += " -s " + original.source.to_string() + " -d " + original.destination.to_string();
  text += " --sport " + std::to_string(original.source_port);
  text += " --dport " + std::to_string(original.destination_port);
  if (op.flow.zone != 0) text += " -w " + std::to_string(op.flow.zone);
  return text;
}

}  // namespace netconf
