#ifndef IPVS_AGENT_AGENT_READ_ONLY_TABLES_H_
#define IPVS_AGENT_AGENT_READ_ONLY_TABLES_H_

#include <memory>

#include "agent/host_tables.h"

namespace agent {

// Kernel tables that are read and never written: each operation is answered with kCancelled and
// goes nowhere. Behind them nothing of an agent in shadow mode can reach the kernel, whatever it
// does.
//
// Ownership: not of the tables, which outlive it. Threading: as the tables.
class ReadOnlyTables {
 public:
  explicit ReadOnlyTables(HostTables tables);
  ~ReadOnlyTables();

  HostTables tables();

 private:
  struct Decorators;
  std::unique_ptr<Decorators> decorators_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_READ_ONLY_TABLES_H_
