#include "tests/bench/api_bodies.h"

#include <array>
#include <cstdio>

namespace bench {
namespace {

std::string uid(int number) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-5c1e-4f0b-9a7d-%012x", number * 2654435761U,
                number * 40503U);
  return text.data();
}

std::string service_name(int number) { return "checkout-service-" + std::to_string(number); }

std::string endpoint(int slice, int number) {
  int host = slice * 7 + number;
  return R"({"addresses":["10.)" + std::to_string(slice / 256 % 256) + '.' +
         std::to_string(slice % 256) + '.' + std::to_string(number + 1) +
         R"("],"conditions":{"ready":true,"serving":true,"terminating":false},)"
         R"("targetRef":{"kind":"Pod","namespace":"team-)" +
         std::to_string(slice % 40) + R"(","name":")" + service_name(slice) + "-7c9d8f5b6d-x" +
         std::to_string(number) + R"(k2p","uid":")" + uid(host) + R"("},"nodeName":"ip-10-0-)" +
         std::to_string(host % 4) + '-' + std::to_string(host % 250) +
         R"(.eu-central-1.compute.internal","zone":"eu-central-1)" +
         static_cast<char>('a' + host % 3) + "\"}";
}

const char* const kManagedFields =
    R"("managedFields":[{"manager":"kube-controller-manager","operation":"Update",)"
    R"("apiVersion":"discovery.k8s.io/v1","time":"2026-06-30T08:11:42Z","fieldsType":"FieldsV1",)"
    R"("fieldsV1":{"f:addressType":{},"f:endpoints":{},"f:metadata":{"f:annotations":{".":{},)"
    R"("f:endpoints.kubernetes.io/last-change-trigger-time":{}},"f:generateName":{},"f:labels":)"
    R"({".":{},"f:app.kubernetes.io/instance":{},"f:app.kubernetes.io/managed-by":{},)"
    R"("f:app.kubernetes.io/name":{},"f:app.kubernetes.io/version":{},)"
    R"("f:endpointslice.kubernetes.io/managed-by":{},"f:helm.sh/chart":{},)"
    R"("f:kubernetes.io/service-name":{}},"f:ownerReferences":{".":{},)"
    R"("k:{\"uid\":\"6f1f6fd8-3a0c-4d0e-8c39-2d6a8c9d3a51\"}":{}}},"f:ports":{}}}])";

}  // namespace

std::string endpoint_slice(int number, int endpoints, int version) {
  std::string service = service_name(number);
  std::string text =
      R"({"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":")" +
      service + R"(-abc12","generateName":")" + service + R"(-","namespace":"team-)" +
      std::to_string(number % 40) + R"(","uid":")" + uid(number) + R"(","resourceVersion":")" +
      std::to_string(version) +
      R"(","generation":4,"creationTimestamp":"2026-06-30T08:11:42Z","labels":{)"
      R"("app.kubernetes.io/instance":"checkout","app.kubernetes.io/managed-by":"Helm",)"
      R"("app.kubernetes.io/name":"checkout","app.kubernetes.io/version":"4.11.2",)"
      R"("endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io",)"
      R"("helm.sh/chart":"checkout-4.11.2","kubernetes.io/service-name":")" +
      service +
      R"("},"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":)"
      R"("2026-07-01T12:00:00Z"},"ownerReferences":[{"apiVersion":"v1","kind":"Service","name":")" +
      service + R"(","uid":")" + uid(number + 1) +
      R"(","controller":true,"blockOwnerDeletion":true}],)" + kManagedFields +
      R"(},"addressType":"IPv4","endpoints":[)";
  for (int i = 0; i < endpoints; ++i) {
    if (i > 0) text += ',';
    text += endpoint(number, i);
  }
  return text + R"(],"ports":[{"name":"http","port":8080,"protocol":"TCP"},)"
                R"({"name":"metrics","port":9090,"protocol":"TCP"}]})";
}

std::string endpoint_slice_list(int slices, int endpoints) {
  std::string text = R"({"kind":"EndpointSliceList","apiVersion":"discovery.k8s.io/v1","metadata":)"
                     R"({"resourceVersion":"5000000"},"items":[)";
  for (int i = 0; i < slices; ++i) {
    if (i > 0) text += ',';
    text += endpoint_slice(i, endpoints, 1000 + i);
  }
  return text + "]}\n";
}

std::string endpoint_slice_events(int events, int endpoints) {
  std::string text;
  for (int i = 0; i < events; ++i) {
    text += R"({"type":"MODIFIED","object":)" + endpoint_slice(i, endpoints, 6'000'000 + i) + "}\n";
  }
  return text;
}

}  // namespace bench
